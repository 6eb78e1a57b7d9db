package channels

import (
	"strings"
	"time"
)

// Limits bound one channel's log.
type Limits struct {
	// Messages, Bytes (of encoded entries) and Age bound what a returning
	// client may replay. Messages or Bytes 0 keeps nothing; Age 0 is no bound.
	Messages int
	Bytes    int64
	Age      time.Duration
	// WindowMessages and WindowBytes are the send window: a live cursor falls
	// off only when it is behind by more than both.
	WindowMessages int
	WindowBytes    int64
}

// Override replaces the limits of the channels whose name starts with Prefix.
// The longest prefix wins.
type Override struct {
	Prefix string
	Limits Limits
}

// Options are a hub's settings, read once by NewHub. Zero counts and
// durations are taken as they are, so start from DefaultOptions.
type Options struct {
	// Epoch names the order of this hub. Empty: a random one.
	Epoch string
	// Feed, unless nil, is where all entries come from.
	Feed      Feed
	Limits    Limits
	Overrides []Override
	// IdleChannels is how many channels without readers are kept.
	IdleChannels int
	// MemoryLimit bounds, in bytes, all logs and parked items together.
	MemoryLimit int64
	// DedupWindow is how long an item's id is remembered, DedupIDs how many
	// are.
	DedupWindow time.Duration
	DedupIDs    int
	// ParkWait is how long an item waits for the one it must follow,
	// ParkItems how many of a channel can wait.
	ParkWait  time.Duration
	ParkItems int
}

// DefaultOptions returns the documented defaults: replay of 1000 messages,
// 1 MiB and 10 minutes per channel, the same send window, 256 MiB in all.
func DefaultOptions() Options {
	return Options{
		Limits: Limits{
			Messages:       1000,
			Bytes:          1 << 20,
			Age:            10 * time.Minute,
			WindowMessages: 1000,
			WindowBytes:    1 << 20,
		},
		IdleChannels: 100_000,
		MemoryLimit:  256 << 20,
		DedupWindow:  time.Minute,
		DedupIDs:     100_000,
		ParkWait:     5 * time.Second,
		ParkItems:    100,
	}
}

// classes are the limits that channels can have: the overrides, and last the
// default. A channel's class depends on its name alone.
type classes struct {
	prefixes []string
	limits   []Limits
}

func newClasses(o Options) classes {
	var c classes
	for _, v := range o.Overrides {
		c.prefixes = append(c.prefixes, v.Prefix)
		c.limits = append(c.limits, v.Limits)
	}
	c.limits = append(c.limits, o.Limits)
	return c
}

// of returns the class of a channel: an index into limits.
func (c *classes) of(channel string) int {
	best, length := len(c.prefixes), -1
	for i, p := range c.prefixes {
		if len(p) > length && strings.HasPrefix(channel, p) {
			best, length = i, len(p)
		}
	}
	return best
}
