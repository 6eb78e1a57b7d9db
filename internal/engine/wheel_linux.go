package engine

import "time"

// Keep-alives and deadlines are exact to a tick; those within a turn of the
// wheel are looked at once.
const (
	tick  = 250 * time.Millisecond
	ticks = 256
)

// wheel is a loop's timers. It differs from package wheel in that only the
// loop uses it, so there is no lock, and in that a timer is not linked to its
// stream but names it: that is 12 bytes instead of 48, and ending a stream does
// not touch the wheel. A name whose stream is gone is dropped when it is due.
type wheel struct {
	slots [ticks][]timer
	spare []timer // for the slot that is looked at
	hand  uint32  // the last tick that was looked at
	count int     // timers in the slots
}

// timer names a stream and what to do for it.
type timer struct {
	slot   int32
	serial uint32
	due    uint32 // in ticks after loop.start, and its chore in the lowest bit
}

// chore is what a timer is for.
type chore uint32

const (
	keepAlive chore = iota
	deadline
)

// add puts a timer into the slot of the tick at.
func (w *wheel) add(slot int32, serial uint32, c chore, at uint32) {
	at = max(at, w.hand+1)
	s := &w.slots[at%ticks]
	*s = append(*s, timer{slot, serial, at<<1 | uint32(c)})
	w.count++
}

// turn moves the hand to a tick and expires what is due.
func (w *wheel) turn(to uint32, expire func(timer)) {
	if to > w.hand+ticks {
		w.hand = to - ticks // every slot is looked at once
	}
	for w.hand < to {
		w.hand++
		s := &w.slots[w.hand%ticks]
		list := *s
		*s = w.spare[:0]
		for _, t := range list {
			if t.due>>1 > to {
				*s = append(*s, t)
				continue
			}
			w.count--
			expire(t)
		}
		w.spare = list[:0]
	}
}

// arm has the loop look at s after d.
func (l *loop) arm(s *stream, c chore, d time.Duration) {
	if l.wheel.count == 0 {
		l.wheel.hand = l.tickAt(0)
		l.ticker.Reset(tick)
	}
	l.wheel.add(s.slot, s.serial, c, l.tickAt(d))
}

// tickAt is the tick that it is d from now.
func (l *loop) tickAt(d time.Duration) uint32 { return uint32((l.since() + d) / tick) }

// turnWheel looks at what has become due.
func (l *loop) turnWheel() {
	if l.wheel.count == 0 {
		return
	}
	l.wheel.turn(l.tickAt(0), l.expire)
	if l.wheel.count == 0 {
		l.ticker.Stop()
	}
}

func (l *loop) expire(t timer) {
	s := l.at(t.slot, t.serial)
	switch {
	case s == nil:
	case chore(t.due&1) == keepAlive:
		l.beat(s)
	default:
		l.overdue(s)
	}
}
