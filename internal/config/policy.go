package config

import (
	"fmt"
	"strings"
)

// ChannelPolicy is a route's section channels.
type ChannelPolicy struct {
	// Names, or beginnings of names with a * behind them, as in user-*. Empty:
	// every channel is allowed.
	Allow []string `mapstructure:"allow"`
	// Names, or beginnings with a *, of channels that are not allowed all the
	// same.
	Deny []string `mapstructure:"deny"`
	// How long a name may be, in bytes. 0: 255, as everywhere.
	MaxLength int `mapstructure:"max_length"`
}

func (p *problems) channelPolicy(at string, c ChannelPolicy) {
	p.channelPatterns(at+".allow", c.Allow)
	p.channelPatterns(at+".deny", c.Deny)
	if c.MaxLength > maxName {
		p.add(at+".max_length", fmt.Sprintf("is %d", c.MaxLength), fmt.Sprintf("channel names have %d bytes at most", maxName))
	}
}

// channelPatterns looks at names of channels, which may end in *, as
// channels.ParsePattern does, and says what to write.
func (p *problems) channelPatterns(key string, patterns []string) {
	for i, pattern := range patterns {
		at := element(key, i)
		switch name := strings.TrimSuffix(pattern, "*"); {
		case pattern == "":
			p.add(at, "is empty", "name a channel, or the beginning of names with a * behind it")
		case strings.Contains(name, "*"):
			p.add(at, fmt.Sprintf("%q has a * that is not at its end", pattern), "write the beginning of the names and one *, as in user-*")
		default:
			p.channelName(at, name, maxName)
		}
	}
}
