package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// in runs a test in fake time, on an engine whose sockets change only when the
// test says so.
func in(t *testing.T, f func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newQuiet())
		f(t, r)
		r.close()
	})
}

func beat(interval time.Duration, mode hold.KeepAliveMode) hold.Stream {
	return hold.Stream{KeepAlive: hold.KeepAlive{Data: []byte(":\n\n"), Interval: interval, Mode: mode}}
}

func TestADayOfKeepAlives(t *testing.T) {
	for name, mode := range map[string]hold.KeepAliveMode{"idle": hold.Idle, "interval": hold.Interval} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, r *rig) {
				// The long interval is several turns of the wheel.
				short, _ := r.hold(t, 0, beat(20*time.Second, mode), "a")
				long, _ := r.hold(t, 0, beat(10*time.Minute, mode), "a")
				defer unix.Close(short)
				defer unix.Close(long)
				beats := func(fd int) int {
					got, err := readSome(fd, 1<<20)
					if err != nil || strings.ReplaceAll(got, chunk(":\n\n"), "") != "" {
						t.Fatalf("got %q, %v", got, err)
					}
					return len(got) / len(chunk(":\n\n"))
				}
				shorts, longs := 0, 0
				for range 24 * 60 {
					time.Sleep(time.Minute)
					synctest.Wait()
					shorts, longs = shorts+beats(short), longs+beats(long)
				}
				// Each comes up to a tenth and a tick early.
				if shorts < 4320 || shorts > 4870 || longs < 143 || longs > 161 {
					t.Errorf("%d and %d keep-alives in a day, want 4320 and 144, or up to a tenth more", shorts, longs)
				}
			})
		})
	}
}

func TestWritesPutAnIdleKeepAliveOff(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, _ := r.hold(t, 0, beat(20*time.Second, hold.Idle), "a")
		defer unix.Close(fd)
		for range 1000 {
			time.Sleep(15 * time.Second)
			r.publish(t, "a", "data: 1\n\n")
			synctest.Wait()
			wantText(t, fd, chunk("data: 1\n\n"))
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		wantText(t, fd, chunk(":\n\n"))
	})
}

// phaseOf looks at a stream when its loop rests, and wakes the loop, which goes
// on after that look.
func phaseOf(s *stream) phase {
	synctest.Wait()
	defer synctest.Wait()
	defer s.loop.ring()
	return s.phase
}

// fill publishes until a stream is blocked.
func fill(t *testing.T, r *rig, s *stream) {
	t.Helper()
	for range 1000 {
		if phaseOf(s) == blocked {
			return
		}
		r.publish(t, "a", "data: "+strings.Repeat("x", 5000)+"\n\n")
	}
	t.Fatal("the stream does not block")
}

func TestAClientThatTakesNothingIsCutOffAtTheWriteDeadline(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		s := beat(time.Second, hold.Interval)
		s.WriteTimeout = 7 * time.Second
		fd, held := r.hold(t, 4<<10, s, "a")
		defer unix.Close(fd)
		fill(t, r, held)
		start := time.Now()
		r.wantEnd(t, hold.ReasonWriteTimeout)
		if got := time.Since(start); got < 7*time.Second || got > 7*time.Second+2*tick {
			t.Errorf("ended after %v, want 7s", got)
		}
	})
}

func TestAClientThatTakesALittleAtATimeIsNotCutOff(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, held := r.hold(t, 4<<10, hold.Stream{WriteTimeout: 7 * time.Second}, "a")
		defer unix.Close(fd)
		r.publish(t, "a", "data: "+strings.Repeat("x", 500_000)+"\n\n")
		taken := 0
		for taken < 500_000 {
			time.Sleep(300 * time.Millisecond) // 64 KiB in less than 7s, all of it in more
			got, err := readSome(fd, 4096)
			if err != nil {
				t.Fatalf("%v after %d bytes", err, taken)
			}
			taken += len(got)
			tell(held, unix.EPOLLOUT)
			synctest.Wait()
		}
		if len(r.ended) > 0 {
			t.Error("ended all the same")
		}
	})
}

func TestKeepAlivesThatCameDueWhileBlocked(t *testing.T) {
	for _, test := range []struct {
		name string
		mode hold.KeepAliveMode
		want string
	}{
		{"an idle one is not sent, for the stream was not idle", hold.Idle, "0\r\n\r\n"},
		{"one at an interval is sent once", hold.Interval, chunk(":\n\n") + "0\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in(t, func(t *testing.T, r *rig) {
				s := beat(20*time.Second, test.mode)
				s.WriteTimeout = time.Hour
				fd, held := r.hold(t, 4<<10, s, "a")
				defer unix.Close(fd)
				fill(t, r, held)
				time.Sleep(90 * time.Second)
				var got strings.Builder
				for held.phase == blocked {
					some, err := readSome(fd, 64<<10)
					if err != nil {
						t.Fatal(err)
					}
					got.WriteString(some)
					tell(held, unix.EPOLLOUT)
					synctest.Wait()
				}
				r.act(t, "a", channels.Close)
				synctest.Wait()
				for {
					some, err := readSome(fd, 64<<10)
					if got.WriteString(some); err != nil {
						break
					}
				}
				end := got.String()[strings.LastIndex(got.String(), "x\n\n\r\n")+len("x\n\n\r\n"):]
				if end != test.want {
					t.Errorf("the end is %q, want %q", end, test.want)
				}
			})
		})
	}
}

func TestAClientThatLeavesItsSideOpenIsClosedAfterAWhile(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, _ := r.hold(t, 0, hold.Stream{}, "a")
		defer unix.Close(fd)
		start := time.Now()
		r.act(t, "a", channels.Close)
		synctest.Wait()
		wantText(t, fd, "0\r\n\r\n")
		if len(r.ended) > 0 {
			t.Error("gone before the client had time to leave")
		}
		r.wantEnd(t, hold.ReasonAction)
		if got := time.Since(start); got < hold.Linger || got > hold.Linger+2*tick {
			t.Errorf("closed after %v, want %v", got, hold.Linger)
		}
	})
}

// TestAClientThatWasSlowAndLeavesItsSideOpenIsClosedAsSoon: the deadline of its blocked
// write is much later.
func TestAClientThatWasSlowAndLeavesItsSideOpenIsClosedAsSoon(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, held := r.hold(t, 4<<10, hold.Stream{WriteTimeout: 30 * time.Second}, "a")
		defer unix.Close(fd)
		fill(t, r, held)
		time.Sleep(time.Second)
		r.act(t, "a", channels.Close)
		for phaseOf(held) == blocked {
			if _, err := readSome(fd, 64<<10); err != nil {
				t.Fatal(err)
			}
			tell(held, unix.EPOLLOUT)
		}
		start := time.Now()
		r.wantEnd(t, hold.ReasonAction)
		if got := time.Since(start); got < hold.Linger || got > hold.Linger+2*tick {
			t.Errorf("closed after %v, want %v", got, hold.Linger)
		}
	})
}

func TestASocketThatCannotBeWatchedEndsItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuiet()
		q.broken = errors.New("no space")
		r := newRig(t, q)
		fd, _ := r.hold(t, 0, beat(time.Second, hold.Idle), "a")
		defer unix.Close(fd)
		r.wantEnd(t, hold.ReasonWriteError)
		if len(r.engine.index.first) > 0 {
			t.Error("the index still knows it")
		}
		r.close()
	})
}

// An idle engine does not tick: fake time passes at once only if nobody waits
// for it.
func TestTheWheelStandsStillWithoutTimers(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, held := r.hold(t, 0, beat(time.Second, hold.Idle), "a")
		defer unix.Close(fd)
		synctest.Wait()
		held.CutOff(hold.ReasonShutdown)
		r.wantEnd(t, hold.ReasonShutdown)
		time.Sleep(2 * time.Second) // the timer's last turn
		synctest.Wait()
		if n := held.loop.wheel.count; n != 0 {
			t.Errorf("%d timers are left", n)
		}
		time.Sleep(1000 * time.Hour)
	})
}
