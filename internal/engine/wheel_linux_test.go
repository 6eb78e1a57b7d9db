package engine

import (
	"math/rand/v2"
	"testing"
)

// Every timer expires once, at its tick or, after a pause of the loop, at the
// next look.
func TestTimersExpireWhenTheyAreDue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	var w wheel
	due := make(map[int32]uint32)
	hand := uint32(0)
	for round, next := 0, int32(0); round < 20_000; round++ {
		if len(due) < 100 || rnd.IntN(2) == 0 && round < 15_000 {
			at := hand + uint32(rnd.IntN(4*ticks))
			w.add(next, uint32(next), keepAlive, at)
			due[next] = max(at, hand+1)
			next++
			continue
		}
		before := hand
		hand += uint32(rnd.IntN(5))
		if rnd.IntN(500) == 0 {
			hand += 3 * ticks
		}
		w.turn(hand, func(t1 timer) {
			at, known := due[t1.slot]
			if !known || uint32(t1.slot) != t1.serial || at > hand || at <= before {
				t.Fatalf("timer %d for %d (known: %v) expires between %d and %d", t1.slot, at, known, before, hand)
			}
			delete(due, t1.slot)
		})
		for slot, at := range due {
			if at <= hand {
				t.Fatalf("timer %d for %d is forgotten at %d", slot, at, hand)
			}
		}
	}
	if w.count != len(due) {
		t.Errorf("the wheel counts %d timers, want %d", w.count, len(due))
	}
}

func TestAFifoKeepsTheOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	var q fifo[int]
	in, out := 0, 0
	for range 100_000 {
		if rnd.IntN(2) == 0 {
			in++
			q.push(in)
		} else if !q.empty() {
			if out++; q.pop() != out {
				t.Fatalf("out of order at %d", out)
			}
		}
		if q.empty() != (in == out) {
			t.Fatalf("empty: %v with %d in and %d out", q.empty(), in, out)
		}
	}
	for range 10 * maxSpare {
		q.push(0)
	}
	for !q.empty() {
		q.pop()
	}
	if cap(q.items) > maxSpare {
		t.Errorf("room for %d is kept", cap(q.items))
	}
}
