package stream

import (
	"cmp"
	"slices"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/channels"
)

// doubt is while something may have been lost on its way. A client that follows
// two channels and is shown something of the one must have been shown all that
// was before it on the other, for it can come back anywhere with nothing but that
// place. So all that is new is held back until it has been looked up what the
// stream has, and what was lost is there.
type doubt struct {
	census   int    // the first that can tell, for it begins after the loss
	surveyed bool   // it has told
	mark     uint64 // its mark
	fills    []filling
}

// filling is a fill that waits for the end of the doubt.
type filling struct {
	feed   *feed
	census census
	found  []*client.Msg
}

// mayHaveLost reports whether messages can have been lost just before the one
// that was received last: the connection is another one, or the queue was full.
func (s *session) mayHaveLost() bool {
	full := len(s.bus.queue) >= cap(s.bus.queue)-1
	return s.reconnected() || full
}

// reconnected reports whether the connection is another one since it was asked
// last. The stream may be another too, then.
func (s *session) reconnected() bool {
	connects := s.nc.Stats().Reconnects
	if connects == s.connects {
		return false
	}
	s.connects = connects
	s.unsettle()
	return true
}

// lookAround begins a doubt if the way from other servers is not what it was.
func (s *session) lookAround() {
	if s.bus.opts.Path == nil {
		return
	}
	if path := s.bus.opts.Path(); path != s.path {
		s.path = path
		s.beginDoubt()
	}
}

// beginDoubt holds back all that comes from now on.
func (s *session) beginDoubt() {
	s.sweep = true
	if s.doubt == nil {
		s.bus.opts.Metrics.doubts.Inc()
		s.doubt = &doubt{}
	}
	s.sure = s.censuses + 1
	s.doubt.census, s.doubt.surveyed = s.sure, false
}

// endDoubt hands on what was held back, in the order of the stream, if nothing is
// missing any more.
func (s *session) endDoubt() {
	d := s.doubt
	if d == nil || !d.surveyed || s.repairs > 0 || s.fetchMissing() {
		return
	}
	s.doubt = nil
	var placed []channels.Placed
	for _, f := range s.bus.feeds {
		switch {
		case f.repair != nil:
			placed = s.mend(placed, f, f.repair)
		case f.filled && !f.fetching:
			placed = s.catchUp(placed, f)
		}
	}
	slices.SortFunc(placed, func(a, b channels.Placed) int { return cmp.Compare(a.Seq, b.Seq) })
	for part := range slices.Chunk(placed, batchSize) {
		s.deliver(part)
	}
	s.bus.hub.Advance(d.mark)
	for _, w := range d.fills {
		if s.kept(w.feed) {
			w.feed.fetching = false
			s.fill(w.feed, w.census, w.found)
		}
	}
}

// fetchMissing fetches what still lacks before what has been held back, and reports
// whether there is something. A survey does not tell of what was lost if the
// channel's head is new since.
func (s *session) fetchMissing() bool {
	for _, f := range s.bus.feeds {
		if head, until := f.missing(s.doubt.mark); head > 0 {
			s.lost(f)
			s.fetch(f, &repair{head: head, until: until})
		}
	}
	return s.repairs > 0
}

// missing returns the place up to which messages lack before what waits, or behind it
// before the mark of the census that has told last what is owed; 0 if none does. until is
// a message that was stored there, or after it.
func (f *feed) missing(mark uint64) (head, until uint64) {
	if !f.filled || f.fetching && f.repair == nil {
		return 0, 0
	}
	last := f.last
	if f.repair != nil {
		last = max(last, f.repair.head)
	}
	for _, m := range f.waiting {
		at, _ := stampOf(m.Header)
		if at.prev > last {
			return at.prev, at.prev
		}
		last = max(last, at.seq)
	}
	if owed := min(f.owed, mark); owed > last { // the census came while others were fetched
		return owed, f.owed
	}
	return 0, 0
}
