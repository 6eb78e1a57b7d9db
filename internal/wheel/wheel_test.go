package wheel

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tick = 100 * time.Millisecond

// run starts a wheel that stops with the test.
func run(t *testing.T, slots int) *Wheel {
	w := New(tick, slots)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return w
}

// probe notes when it expires and asks for the waits that it was given.
type probe struct {
	Timer
	start time.Time
	again []time.Duration
	at    []time.Duration
}

func (p *probe) Expire(now time.Time) time.Duration {
	p.at = append(p.at, now.Sub(p.start))
	if len(p.again) == 0 {
		return 0
	}
	next := p.again[0]
	p.again = p.again[1:]
	return next
}

func (p *probe) arm(w *Wheel, d time.Duration) {
	p.start = time.Now()
	w.Arm(&p.Timer, p, d)
}

func TestTimerRunsOutWithinOneTick(t *testing.T) {
	for _, d := range []time.Duration{0, tick / 2, tick, 250 * time.Millisecond, time.Second, 7 * time.Second, time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := run(t, 8)
				time.Sleep(33 * time.Millisecond) // between two ticks
				var p probe
				p.arm(w, d)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if len(p.at) != 1 {
					t.Fatalf("expired %d times, want once", len(p.at))
				}
				if got := p.at[0]; got < d-tick || got > d+tick {
					t.Errorf("expired after %v, want %v give or take a tick", got, d)
				}
			})
		})
	}
}

func TestExpirerDecidesAboutTheNextTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, 8)
		p := probe{again: []time.Duration{time.Second, 5 * time.Second}}
		p.arm(w, 2*time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []time.Duration{2 * time.Second, 3 * time.Second, 8 * time.Second}
		if len(p.at) != len(want) {
			t.Fatalf("expired at %v, want about %v", p.at, want)
		}
		for i := range want {
			if diff := (p.at[i] - want[i]).Abs(); diff > 3*tick {
				t.Errorf("expired at %v, want about %v", p.at, want)
			}
		}
	})
}

func TestDisarmedTimerStaysSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, 8)
		var p, other probe
		p.arm(w, time.Second)
		other.arm(w, time.Second)
		w.Disarm(&p.Timer)
		w.Disarm(&p.Timer)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(p.at) != 0 || len(other.at) != 1 {
			t.Errorf("expired %d and %d times, want 0 and 1", len(p.at), len(other.at))
		}
	})
}

// disarmer disarms a neighbour that is due in the same tick, and itself.
type disarmer struct {
	probe
	w     *Wheel
	other *Timer
}

func (d *disarmer) Expire(now time.Time) time.Duration {
	d.probe.Expire(now)
	d.w.Disarm(d.other)
	d.w.Disarm(&d.Timer)
	return time.Second
}

func TestDisarmWhileExpiringWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, 8)
		var p probe
		d := disarmer{w: w, other: &p.Timer}
		w.Arm(&d.Timer, &d, time.Second)
		p.arm(w, time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(d.at) != 1 || len(p.at) != 0 {
			t.Errorf("expired %d and %d times, want 1 and 0", len(d.at), len(p.at))
		}
	})
}

func TestWheelRestsWhenNothingIsArmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, 4)
		var p probe
		p.arm(w, time.Second)
		time.Sleep(24 * time.Hour)
		again := probe{}
		again.arm(w, time.Second)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(p.at) != 1 || len(again.at) != 1 {
			t.Fatalf("expired %d and %d times, want once each", len(p.at), len(again.at))
		}
		if got := again.at[0]; got < time.Second-tick || got > time.Second+tick {
			t.Errorf("after a rest it expired after %v, want 1s", got)
		}
	})
}

func TestManyTimersEachRunOutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, 16)
		probes := make([]probe, 2000)
		waits := make([]time.Duration, len(probes))
		for i := range probes {
			waits[i] = time.Duration(rand.Int64N(int64(30 * time.Second)))
			probes[i].arm(w, waits[i])
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		for i := range probes {
			if len(probes[i].at) != 1 {
				t.Fatalf("timer %d expired %d times", i, len(probes[i].at))
			}
			if diff := (probes[i].at[0] - waits[i]).Abs(); diff > tick {
				t.Errorf("timer of %v expired after %v", waits[i], probes[i].at[0])
			}
		}
	})
}

func TestArmAndDisarmAllocateNothing(t *testing.T) {
	w := New(tick, 64)
	var p probe
	if n := testing.AllocsPerRun(1000, func() {
		w.Arm(&p.Timer, &p, time.Second)
		w.Disarm(&p.Timer)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
