package hold

import (
	"bytes"

	"github.com/holdfast-proxy/holdfast/channels"
)

// seen is what a client has seen last on one channel. Ids are empty if they are
// not known.
type seen struct {
	channel string
	id      []byte
	// asked is what id was when the origin was asked last: what follows it, up to
	// id, the origin has told. It moves on over items that come after all.
	asked []byte
	// active: something has come since a timeout was asked for.
	active bool
	apart  bool // Seen.Apart
	// told is the orphan of which the client has been told last.
	told uint64
	// ahead is id after what is read but not written yet.
	ahead []byte
}

// see replaces the channels.
func (l *Link) see(all []Seen) {
	before := l.seen
	l.seen = make([]seen, len(all))
	for i, s := range all {
		l.seen[i] = seen{channel: s.Channel, id: []byte(s.ID), apart: s.Apart}
		for k := range before {
			if before[k].channel == s.Channel {
				l.seen[i].asked = before[k].id
			}
		}
	}
}

// known lists what the client has seen.
func (l *Link) known() []Seen {
	all := make([]Seen, len(l.seen))
	for i := range l.seen {
		all[i] = Seen{l.seen[i].channel, string(l.seen[i].id), l.seen[i].apart}
	}
	return all
}

// follows reports whether e is what comes after what the client has seen.
func (s *seen) follows(e *channels.Entry) bool {
	return len(e.PrevID()) == 0 || len(s.ahead) == 0 || bytes.Equal(e.PrevID(), s.ahead)
}

// orphaned reports whether something is missing before e of which nobody has told
// the client yet, and which the origin could not tell: it is not known what the
// client has seen.
func (s *seen) orphaned(e *channels.Entry) bool {
	return len(s.ahead) == 0 && e.Orphan() && e.Seq() != s.told
}

// has reports whether the client has e already: it is the item seen last, or one
// of those that the origin has told.
func (s *seen) has(e *channels.Entry) bool {
	id, prev := e.ItemID(), e.PrevID()
	switch {
	case len(id) == 0:
		return false
	case bytes.Equal(id, s.ahead):
		return true
	case len(s.asked) == 0 || s.follows(e) && len(prev) > 0:
		return false
	case bytes.Equal(prev, s.asked):
		s.asked = bytes.Clone(id)
		return true
	}
	return bytes.Equal(id, s.asked)
}

// passed says that e is behind the stream.
func (l *Link) passed(e *channels.Entry) {
	s := &l.seen[e.Subscription()]
	s.active = true
	l.tries = 0
	if !s.apart {
		s.id = append(s.id[:0], e.ItemID()...)
	}
}

// through says that what was read up to a place is behind the stream, also what
// filters have kept from the client.
func (l *Link) through(place uint64, form channels.Form) {
	for i := range l.read {
		if e := &l.read[i]; e.Seq() <= place && len(e.Bytes(form)) > 0 {
			l.passed(e)
		}
	}
	clear(l.read)
	l.read = l.read[:0]
}

// quiet reports whether a channel has had nothing since the last time.
func (l *Link) quiet() bool {
	quiet := len(l.seen) == 0
	for i := range l.seen {
		quiet = quiet || !l.seen[i].active && !l.seen[i].apart
		l.seen[i].active = false
	}
	return quiet
}

// covers reports whether the origin can tell what is missing: it is known what the
// client has seen. An id that a client says itself, as what it has seen of an
// event stream, is taken for an item's where there is no better.
func (l *Link) covers(gap *channels.Gap) bool {
	missing := 0
	for i := range l.seen {
		s := &l.seen[i]
		if gap.Channel != "" && gap.Channel != s.channel || len(s.id) > 0 {
			continue
		}
		_, place := channels.ParsePosition(gap.LastID)
		if s.apart || gap.LastID == "" || place || gap.Channel == "" && len(l.seen) > 1 {
			missing++
			continue
		}
		s.id = []byte(gap.LastID)
	}
	return missing == 0 && len(l.seen) > 0
}

// forget stops comparing on the channels of a gap that was not recovered.
func (l *Link) forget(gap *channels.Gap) {
	for i := range l.seen {
		if gap.Channel == "" || gap.Channel == l.seen[i].channel {
			l.seen[i].id, l.seen[i].asked = nil, nil
		}
	}
}
