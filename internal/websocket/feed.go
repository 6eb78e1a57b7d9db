package websocket

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// feed is the channels of a session. The origin adds and removes them while they
// are read, so each has a cursor of its own. What they have goes out in the order
// of its publication.
type feed struct {
	// joining: a channel is being followed, to be added. Set by who adds and removes.
	joining atomic.Bool

	mu   sync.Mutex // held while a cursor reads, which does not block
	subs []*sub
	filtering
}

// sub is one channel.
type sub struct {
	name     string // whole
	channel  string // as the origin says it; empty: it has not named it
	implicit bool   // the origin cannot take it away
	cursor   *channels.Cursor
	seat     *hold.Seat
	next     []channels.Entry // at most one, read and not taken yet
	err      error            // what the cursor said instead
}

// index returns a channel's place, -1 if it is not there. Only the goroutine that
// adds and removes may call it.
func (f *feed) index(name string) int {
	for i, s := range f.subs {
		if s.name == name {
			return i
		}
	}
	return -1
}

// add puts a channel in, with the filters that the origin names for it.
func (f *feed) add(s *sub, filters []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(filters) > 0 || f.set != nil {
		f.filters().Add(s.channel, filters)
	}
	f.subs = append(f.subs, s)
}

// remove takes a channel out that the origin has put in, and reports whether it has;
// it is no mistake if it is not there. An implicit one stays, as it was before the
// origin named it.
func (f *feed) remove(name string, h hold.Holder) bool {
	i := f.index(name)
	if i < 0 {
		return false
	}
	if f.subs[i].implicit {
		f.subscribed(i, &grip.Subscribe{})
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set != nil {
		f.set.Remove(i)
	}
	f.subs[i].leave(h)
	f.subs = append(f.subs[:i], f.subs[i+1:]...)
	return true
}

// facts are what the session is doing.
func (f *feed) facts() (facts hold.Facts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.subs {
		facts.Channels = append(facts.Channels, s.name)
		facts.Behind += s.cursor.Behind() + uint64(len(s.next))
	}
	return facts
}

// close takes all channels out.
func (f *feed) close(h hold.Holder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.subs {
		s.leave(h)
	}
	f.subs = nil
}

func (s *sub) leave(h hold.Holder) {
	h.Part(s.seat)
	s.cursor.Close()
}

// take appends what comes next, at most as many entries as dst has room for.
// Nothing and no error is that there is nothing new. Those that filters keep from the
// session are passed over.
func (f *feed) take(dst []channels.Entry) ([]channels.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.own)
	for len(dst) < cap(dst) {
		place := f.first()
		if place < 0 {
			break
		}
		s := f.subs[place]
		if s.err != nil {
			if len(dst) > 0 {
				break // it comes after them
			}
			err := s.err
			s.err = nil
			return dst, err
		}
		if e := &s.next[0]; f.passes(place, e, len(dst)) {
			dst = append(dst, *e)
		}
		clear(s.next)
		s.next = s.next[:0]
	}
	return dst, nil
}

// first finds the channel whose next entry was published first, or one that has an
// error; -1 is none.
//
// An entry is in its log before the next one is in any. So when one is found, what was
// published before it is there, but perhaps not yet when its channel was looked at:
// those that had nothing are looked at again.
func (f *feed) first() int {
	place := -1
	for range 2 {
		for i, s := range f.subs {
			s.look()
			if s.err != nil {
				return i
			}
			if len(s.next) > 0 && (place < 0 || s.next[0].Seq() < f.subs[place].next[0].Seq()) {
				place = i
			}
		}
		if place < 0 {
			break
		}
	}
	return place
}

// look reads the next entry, unless it is there.
func (s *sub) look() {
	if len(s.next) == 0 && s.err == nil {
		s.next, s.err = s.cursor.Next(s.next[:0], 1, 0)
	}
}

// gapOf returns the gap that err tells of, or nil.
func gapOf(err error) *channels.Gap {
	var gap *channels.Gap
	errors.As(err, &gap)
	return gap
}

// passable reports whether a session goes on after a gap that it cannot be told
// of: as all streams that are not event streams do where nothing is known to be
// lost for this one.
func passable(g *channels.Gap) bool {
	return g != nil && (g.Reason == channels.Missing || g.Reason == channels.Bus)
}

// gapEnding is the end after any other gap.
func gapEnding(g *channels.Gap) Ending {
	switch {
	case g == nil:
		return Ending{Reason: hold.ReasonShutdown, code: codeGoingAway, text: "going away"}
	case g.Reason == channels.Lag:
		return Ending{Reason: hold.ReasonLag, code: codeTryLater, text: "too slow: messages were lost"}
	}
	return Ending{Reason: hold.ReasonGap, code: codeTryLater, text: "messages were lost"}
}
