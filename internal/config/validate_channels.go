package config

import "fmt"

func (p *problems) checkChannels(c Channels) {
	p.positive("channels.memory_limit", int64(c.MemoryLimit))
	p.checkKept("channels", c.Replay, c.SendWindow, c.MemoryLimit)
	prefixes := map[string]string{}
	for i, override := range c.Overrides {
		at := element("channels.overrides", i)
		p.checkKept(at, override.Replay, override.SendWindow, c.MemoryLimit)
		p.channelPrefix(at+".prefix", override.Prefix)
		other, twice := prefixes[override.Prefix]
		switch {
		case override.Prefix == "":
			p.add(at+".prefix", "is empty", "write how the channels' names begin; for all channels set channels.replay and channels.send_window")
		case twice:
			p.addAcross(at+".prefix", []string{other}, fmt.Sprintf("%q is also the prefix of %s", override.Prefix, other), "keep one of the two")
		}
		prefixes[override.Prefix] = at
	}
}

// checkKept looks at what one channel may keep.
func (p *problems) checkKept(at string, replay Replay, window SendWindow, limit Size) {
	p.positive(at+".send_window.messages", int64(window.Messages))
	p.positive(at+".send_window.bytes", int64(window.Bytes))
	p.belowLimit(at+".replay.bytes", replay.Bytes, limit)
	p.belowLimit(at+".send_window.bytes", window.Bytes, limit)
}

func (p *problems) belowLimit(key string, size, limit Size) {
	if size > limit {
		p.addAcross(key, []string{"channels.memory_limit"},
			fmt.Sprintf("%v is more than channels.memory_limit, %v", size, limit), "write less, or raise the limit")
	}
}
