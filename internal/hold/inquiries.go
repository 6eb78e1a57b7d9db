package hold

import "sync/atomic"

// inquiries are waiting to be told what a stream is doing. Any goroutine may add
// one.
type inquiries struct{ last atomic.Pointer[inquiry] }

// inquiry is one of them.
type inquiry struct {
	tell   func(Facts)
	before *inquiry
}

func (q *inquiries) add(tell func(Facts)) {
	n := &inquiry{tell: tell}
	for {
		n.before = q.last.Load()
		if q.last.CompareAndSwap(n.before, n) {
			return
		}
	}
}

// answer tells all of them. Who owns the feed calls it.
func (q *inquiries) answer(f *Feed) {
	if q.last.Load() == nil {
		return
	}
	facts := f.Facts()
	for n := q.last.Swap(nil); n != nil; n = n.before {
		n.tell(facts)
	}
}
