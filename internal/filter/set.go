package filter

import (
	"bytes"
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Set is the filters of one held response, or of a WebSocket. A nil Set has none. Its
// methods are for whoever has the cursor.
type Set struct {
	// Fixed after New. What NewLive makes changes: see live.go.
	route    *Route
	user     string            // who the client is, if the origin says so
	meta     map[string]string // not copied
	channels []channel         // as in the instruction, and so in the cursor's subscriptions
	rewrites bool
}

// channel is a channel of the response.
type channel struct {
	name string // without the route's prefix

	message []string // names of filters, in order
	content []string // the same, of those that change the content
	needs   string   // content as wire.Needs writes it

	last string // id of the item that was read last; at first what the client has

	withheld uint64 // the place of the entry withheld last
}

// New makes the filters of what in holds. It returns nil if there are none. in
// must not be changed afterwards.
func New(in *grip.Instruction, route *Route) *Set {
	if !slices.ContainsFunc(in.Channels, func(c grip.Channel) bool { return len(c.Filters) > 0 }) {
		return nil
	}
	s := &Set{route: route, user: in.Meta["user"], meta: in.Meta, channels: make([]channel, len(in.Channels))}
	for i, c := range in.Channels {
		s.channels[i] = newChannel(c.Name, c.Filters)
		s.channels[i].last = c.PrevID
		s.rewrites = s.rewrites || len(s.channels[i].content) > 0
	}
	return s
}

// newChannel sorts a channel's filters.
func newChannel(name string, filters []string) channel {
	c := channel{name: name, content: []string{}}
	for _, filter := range filters {
		if grip.ChangesContent(filter) {
			c.content = append(c.content, filter)
		} else {
			c.message = append(c.message, filter)
		}
	}
	c.needs = wire.Needs(c.content)
	return c
}

// Rewrites reports whether what the response gets is not what others get, so that
// it must be asked with Rewrite for its own bytes.
func (s *Set) Rewrites() bool { return s != nil && s.rewrites }

// Opened and Closed count a stream in and out that is kept apart.
func (s *Set) Opened() {
	if s.Rewrites() {
		s.route.private.Inc()
	}
}

// Closed: see Opened.
func (s *Set) Closed() {
	if s.Rewrites() {
		s.route.private.Dec()
	}
}

// GoOn has s take the place of before: on channels that both have, the client has seen
// what it had seen. Either may be nil.
func (s *Set) GoOn(before *Set) {
	if s == nil || before == nil {
		return
	}
	for i := range s.channels {
		c := &s.channels[i]
		if j := slices.IndexFunc(before.channels, func(b channel) bool { return b.name == c.name }); j >= 0 {
			c.last, c.withheld = before.channels[j].last, before.channels[j].withheld
		}
	}
}

// Takes reports whether the response gets e, whatever it does. It is asked about the
// entries in the order of the cursor; those that come again, because the cursor went
// back, are counted once.
func (s *Set) Takes(e *channels.Entry) bool {
	if s == nil {
		return true
	}
	return s.takes(s.of(e), e)
}

// takes is Takes for an entry of channel c.
func (s *Set) takes(c *channel, e *channels.Entry) bool {
	if s.rewrites {
		c.last = string(e.ItemID())
	}
	if len(c.message) == 0 || len(e.Note()) == 0 {
		return true
	}
	meta := wire.MetaOf(e)
	for _, filter := range c.message {
		if s.drops(filter, &meta) {
			if e.Seq() > c.withheld {
				s.route.withheld[filter].Inc()
				c.withheld = e.Seq()
			}
			return false
		}
	}
	return true
}

// of is the channel that e was read by. Those that the instruction does not name,
// which come after its own, have no filters.
func (s *Set) of(e *channels.Entry) *channel {
	if i := e.Subscription(); i < len(s.channels) {
		return &s.channels[i]
	}
	return &channel{needs: wire.Needs([]string{})}
}

// Pass takes out of entries, in place, those that the response does not get.
func (s *Set) Pass(entries []channels.Entry) []channels.Entry {
	n := 0
	for i := range entries {
		if !s.Takes(&entries[i]) {
			continue
		}
		if i != n {
			entries[n] = entries[i]
		}
		n++
	}
	return entries[:n]
}

// drops applies a filter to what an item says.
func (s *Set) drops(filter string, m *wire.Meta) bool {
	switch filter {
	case grip.SkipSelf:
		return s.user != "" && string(m.Sender) == s.user
	case grip.SkipUsers:
		return s.user != "" && listed(m.SkipUsers, s.user)
	default: // grip.RequireSub
		return len(m.RequireSub) > 0 && !s.follows(m.RequireSub)
	}
}

// follows reports whether the response has a channel with this name.
func (s *Set) follows(name []byte) bool {
	for i := range s.channels {
		if s.channels[i].name == string(name) {
			return true
		}
	}
	return slices.ContainsFunc(s.route.own, func(own string) bool { return own == string(name) })
}

// listed reports whether name is in a list with commas.
func listed(list []byte, name string) bool {
	for part := range bytes.SplitSeq(list, []byte(",")) {
		if string(bytes.TrimSpace(part)) == name {
			return true
		}
	}
	return false
}
