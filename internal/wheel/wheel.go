package wheel

import (
	"context"
	"sync"
	"time"
)

// Wheel keeps timers. Its methods may be called from any goroutine.
type Wheel struct {
	// Fixed after New.
	tick  time.Duration
	start time.Time
	wake  chan struct{} // capacity 1, never closed: the first timer was armed

	mu    sync.Mutex // no callback while held
	slots []Timer    // each the head of a ring of timers
	hand  int64      // the last tick that was looked at
	count int        // timers in the slots
}

// New returns a wheel whose timers are exact to one tick. Timers of up to
// slots ticks are looked at once; longer ones once per turn of the wheel.
func New(tick time.Duration, slots int) *Wheel {
	w := &Wheel{tick: tick, start: time.Now(), wake: make(chan struct{}, 1), slots: make([]Timer, slots)}
	for i := range w.slots {
		head := &w.slots[i]
		head.next, head.prev = head, head
	}
	return w
}

// Arm calls e.Expire after d. A timer that is armed already is left alone.
func (w *Wheel) Arm(t *Timer, e Expirer, d time.Duration) {
	w.mu.Lock()
	if t.state != disarmed {
		w.mu.Unlock()
		return
	}
	t.expirer = e
	first := w.count == 0
	if first {
		w.hand = w.tickAt(time.Now())
	}
	w.placeLocked(t, d)
	w.mu.Unlock()
	if first {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Disarm forgets t. An Expire that is already on its way may still come, once.
func (w *Wheel) Disarm(t *Timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.state == armed {
		t.unlink()
		w.count--
	}
	t.state = disarmed
}

// Run turns the wheel until ctx ends. It returns nil.
func (w *Wheel) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if !w.turn(now) {
				ticker.Stop()
			}
		case <-w.wake:
			ticker.Reset(w.tick)
		}
	}
}

// turn moves the hand to now and expires what is due. It reports whether any
// timer is left.
func (w *Wheel) turn(now time.Time) bool {
	w.mu.Lock()
	to := w.tickAt(now)
	// After a long pause every slot is looked at once, not once per tick.
	w.hand = max(w.hand, to-int64(len(w.slots)))
	var due Timer
	due.next, due.prev = &due, &due
	for w.hand < to {
		w.hand++
		w.collectLocked(&due, to)
	}
	w.mu.Unlock()
	for w.expireFirst(&due, now) {
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count > 0
}

// collectLocked moves the timers of the hand's slot that are due by tick to
// into the ring due.
func (w *Wheel) collectLocked(due *Timer, to int64) {
	head := &w.slots[w.hand%int64(len(w.slots))]
	for t := head.next; t != head; {
		next := t.next
		if t.due <= to {
			t.unlink()
			t.link(due)
		}
		t = next
	}
}

// expireFirst asks the first timer of the ring due and puts it back where it
// wants to be. It reports false when the ring is empty. Timers wait in the ring
// as armed ones, so that Disarm can still take them out.
func (w *Wheel) expireFirst(due *Timer, now time.Time) bool {
	w.mu.Lock()
	t := due.next
	if t == due {
		w.mu.Unlock()
		return false
	}
	t.unlink()
	t.state = expiring
	w.count--
	w.mu.Unlock()

	again := t.expirer.Expire(now)

	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case t.state != expiring: // disarmed meanwhile
	case again > 0:
		w.placeLocked(t, again)
	default:
		t.state = disarmed
	}
	return true
}

// placeLocked links t into the slot of the tick d from now.
func (w *Wheel) placeLocked(t *Timer, d time.Duration) {
	t.due = max(w.tickAt(time.Now().Add(d)), w.hand+1)
	t.state = armed
	t.link(&w.slots[t.due%int64(len(w.slots))])
	w.count++
}

func (w *Wheel) tickAt(at time.Time) int64 { return int64(at.Sub(w.start) / w.tick) }
