package grip

import (
	"slices"
	"time"
)

// Channel is one channel that a hold follows.
type Channel struct {
	Name   string
	PrevID string
	// Filters are the names of the filters, in order.
	Filters []string
	// NoReplay: what was published before is not for this client.
	NoReplay bool
	// ReplayAge, if not 0, is how old what is replayed may be.
	ReplayAge time.Duration
}

// joinChannels leaves each channel once, at its first place, with what is said of it
// last (Pushpin's).
func (in *Instruction) joinChannels() {
	places := make(map[string]int, len(in.Channels))
	joined := in.Channels[:0]
	for _, c := range in.Channels {
		i, again := places[c.Name]
		if !again {
			places[c.Name] = len(joined)
			joined = append(joined, c)
			continue
		}
		if !c.says(&joined[i]) && !slices.Contains(in.Overruled, c.Name) {
			in.Overruled = append(in.Overruled, c.Name)
		}
		joined[i] = c
	}
	in.Channels = joined
}

// says reports whether c says the same as other.
func (c *Channel) says(other *Channel) bool {
	return c.PrevID == other.PrevID && slices.Equal(c.Filters, other.Filters) &&
		c.NoReplay == other.NoReplay && c.ReplayAge == other.ReplayAge
}
