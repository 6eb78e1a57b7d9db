package channels

import "slices"

// maxInterruptions is how many interruptions a hub remembers. Who comes from
// before one that is forgotten is told at the next.
const maxInterruptions = 16

// interruptions are the places after each of which something may be missing, the
// oldest first. The list is replaced, never changed.
type interruptions []uint64

// Interrupt tells that items may have been lost on their way to this hub, which
// has no feed, on whatever channels. Every stream gets a Gap when it has read what
// was published before, and so does everybody who comes back from before, also to
// channels that nobody knows any more. It takes one place in the order, and wakes
// the groups as one item on each channel would. It reports whether there is
// anybody who can have missed something.
func (h *Hub) Interrupt() bool {
	h.order.Lock()
	at := h.head.Load() + 1
	places := append(slices.Clip(*h.interrupted.Load()), at)
	places = places[max(0, len(places)-maxInterruptions):]
	h.interrupted.Store(&places)
	h.head.Store(at)
	h.order.Unlock()
	var news news
	known := at > 1
	for _, s := range h.shards {
		s.each(func(l *Log) {
			known = true
			news.add(l, l.listeners())
		})
	}
	news.tell()
	return known
}

// listeners are the groups that have cursors on the log.
func (l *Log) listeners() audience {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups.audience()
}

// between returns the first interruption after a place and up to limit, or limit
// and false.
func (i interruptions) between(place, limit uint64) (uint64, bool) {
	for _, at := range i {
		if at > place && at <= limit {
			return at, true
		}
	}
	return limit, false
}

// interruptedAt tells of an interruption, everything before which has been
// returned.
func (c *Cursor) interruptedAt(place uint64) error {
	c.heard, c.place = place, max(c.place, place)
	return &Gap{Reason: Bus, Lost: -1, Resume: c.position(place)}
}
