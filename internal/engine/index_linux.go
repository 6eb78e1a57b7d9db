package engine

import (
	"math/bits"
	"sync"

	"github.com/holdfast-proxy/holdfast/channels"
)

// index knows which loops have streams on a log. Publishers find their way by
// it with one look-up, and wake nobody who has none.
type index struct {
	loops []*loop // fixed before the first wake

	mu    sync.Mutex // also guards loop.queue
	first map[*channels.Log]*audience
}

// audience is the streams of one loop that follow one log.
type audience struct {
	// Fixed.
	log  *channels.Log
	loop *loop

	// Owned by the loop.
	seats   []*stream
	one     [1]*stream // the seats of an audience of one, as of a user's channel
	next    int32      // in a round: whose turn it is
	running bool       // a round is under way
	again   bool       // and there was more news meanwhile

	// Guarded by index.mu.
	queued  bool      // in loop.queue
	sibling *audience // of the same log in another loop
}

func newIndex() *index { return &index{first: make(map[*channels.Log]*audience)} }

// wake notes that there is news on a log.
func (x *index) wake(log *channels.Log) {
	var ring uint64 // a bit per loop
	x.mu.Lock()
	for a := x.first[log]; a != nil; a = a.sibling {
		if !a.queued {
			a.queued = true
			a.loop.queue = append(a.loop.queue, a)
			ring |= 1 << a.loop.number
		}
	}
	x.mu.Unlock()
	for ; ring != 0; ring &= ring - 1 {
		x.loops[bits.TrailingZeros64(ring)].ring()
	}
}

// take appends the audiences of l with news to dst. News from now on queues
// them again.
func (x *index) take(l *loop, dst []*audience) []*audience {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, a := range l.queue {
		a.queued = false
		dst = append(dst, a)
		l.queue[i] = nil
	}
	l.queue = l.queue[:0]
	return dst
}

// audience returns l's audience of a log, and makes it if there is none.
func (x *index) audience(l *loop, log *channels.Log) *audience {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := x.first[log]
	for a := first; a != nil; a = a.sibling {
		if a.loop == l {
			return a
		}
	}
	a := &audience{log: log, loop: l, sibling: first}
	a.seats = a.one[:0]
	x.first[log] = a
	return a
}

// drop forgets an audience without seats.
func (x *index) drop(gone *audience) {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := x.first[gone.log]
	if first != gone {
		for first.sibling != gone {
			first = first.sibling
		}
		first.sibling = gone.sibling
		return
	}
	if gone.sibling == nil {
		delete(x.first, gone.log)
		return
	}
	x.first[gone.log] = gone.sibling
}
