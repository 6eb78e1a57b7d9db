package wheel

import "time"

// Expirer is told when its timer has run out.
type Expirer interface {
	// Expire is called by the goroutine of Wheel.Run, with no lock held. It
	// must not block. It returns for how long to wait before it is called
	// again; zero disarms the timer.
	Expire(now time.Time) time.Duration
}

// Timer is a place on a wheel. The zero Timer is disarmed. It must not be
// copied once armed. The wheel's mutex guards all of it.
type Timer struct {
	expirer    Expirer
	due        int64 // in ticks since the wheel was made
	next, prev *Timer
	state      state
}

type state uint8

const (
	disarmed state = iota
	armed          // linked into a slot
	expiring       // taken out of its slot; its Expirer is being asked
)

// unlink takes an armed timer out of its slot's ring.
func (t *Timer) unlink() {
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev = nil, nil
}

// link puts t at the end of the ring that head begins.
func (t *Timer) link(head *Timer) {
	t.prev, t.next = head.prev, head
	head.prev.next, head.prev = t, t
}
