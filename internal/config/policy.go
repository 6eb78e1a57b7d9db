package config

import (
	"fmt"
	"slices"
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

func (p *problems) channelPolicy(at string, route Route) {
	c, policy, prefix := route.Channels, at+".channels", []string{at + ".channel_prefix"}
	p.channelPatterns(policy+".allow", c.Allow)
	p.channelPatterns(policy+".deny", c.Deny)
	switch n := len(route.ChannelPrefix); {
	case c.MaxLength > maxName:
		p.add(policy+".max_length", fmt.Sprintf("is %d", c.MaxLength), fmt.Sprintf("channel names have %d bytes at most", maxName))
	case 0 < c.MaxLength && c.MaxLength <= n:
		p.addAcross(policy+".max_length", prefix, fmt.Sprintf("is %d, and channel_prefix has %d bytes: no channel would be allowed", c.MaxLength, n), "allow longer names")
	}
	if len(c.Allow) > 0 && !slices.ContainsFunc(c.Allow, func(pattern string) bool { return isFor(pattern, route.ChannelPrefix) }) {
		p.addAcross(policy+".allow", prefix, fmt.Sprintf("names nothing that begins with channel_prefix, %q: no channel would be allowed", route.ChannelPrefix),
			"write whole names, with channel_prefix")
	}
}

// isFor reports whether a pattern names a channel that begins with prefix.
func isFor(pattern, prefix string) bool {
	start, open := strings.CutSuffix(pattern, "*")
	return strings.HasPrefix(start, prefix) || open && strings.HasPrefix(prefix, start)
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
