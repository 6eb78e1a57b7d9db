package hold

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/holdfast-proxy/holdfast/channels"
)

// counter counts what it is told.
type counter struct {
	mu    sync.Mutex
	kicks int
	ends  int
}

func (c *counter) Kick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kicks++
}

func (c *counter) End(Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends++
}

// taken returns the kicks so far and forgets them.
func (c *counter) taken() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.kicks
	c.kicks = 0
	return n
}

// runGroup runs a group until the test ends.
func runGroup(t *testing.T) *group {
	g := newGroup()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); g.run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return g
}

func TestWakeKicksWhoFollowsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := runGroup(t)
		a, b, stranger := new(channels.Log), new(channels.Log), new(channels.Log)
		var onA, onB, onBoth counter
		seatA, seatB, seatBoth := &Seat{waiter: &onA}, &Seat{waiter: &onB}, &Seat{waiter: &onBoth}
		g.attach([]*channels.Log{a}, seatA)
		g.attach([]*channels.Log{b}, seatB)
		g.attach([]*channels.Log{a, b}, seatBoth)

		want := func(when string, wantA, wantB, wantBoth int) {
			t.Helper()
			synctest.Wait()
			gotA, gotB, gotBoth := onA.taken(), onB.taken(), onBoth.taken()
			if gotA != wantA || gotB != wantB || gotBoth != wantBoth {
				t.Errorf("%s: kicked %d, %d, %d times, want %d, %d, %d", when, gotA, gotB, gotBoth, wantA, wantB, wantBoth)
			}
		}
		g.Wake(a)
		want("news on one log", 1, 0, 1)
		g.Wake(b)
		want("news on the other", 0, 1, 1)
		g.Wake(stranger)
		want("news on a log that nobody follows", 0, 0, 0)
		g.detach(seatBoth)
		g.Wake(a)
		want("after one has left", 1, 0, 0)
		g.detach(seatA)
		g.Wake(a)
		want("after the last has left", 0, 0, 0)
		g.detach(seatB)
		if len(g.logs) != 0 {
			t.Errorf("%d logs are kept that nobody follows", len(g.logs))
		}
	})
}

// holdUp blocks its first kick until it is let go.
type holdUp struct {
	counter
	entered, release chan struct{}
	once             sync.Once
}

func (h *holdUp) Kick() {
	h.counter.Kick()
	h.once.Do(func() { close(h.entered); <-h.release })
}

func TestWakesDuringARoundAreOneMoreRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := runGroup(t)
		var l channels.Log
		h := holdUp{entered: make(chan struct{}), release: make(chan struct{})}
		g.attach([]*channels.Log{&l}, &Seat{waiter: &h})
		g.Wake(&l)
		<-h.entered
		for range 100 {
			g.Wake(&l)
		}
		close(h.release)
		synctest.Wait()
		if got := h.taken(); got != 2 {
			t.Errorf("kicked %d times, want 2", got)
		}
	})
}

func TestALoudLogDoesNotHoldUpAQuietOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		var loud, quiet channels.Log
		var crowd, lone counter
		for range 10 * kicksPerTurn {
			g.attach([]*channels.Log{&loud}, &Seat{waiter: &crowd})
		}
		g.attach([]*channels.Log{&quiet}, &Seat{waiter: &lone})
		g.Wake(&loud)
		g.Wake(&quiet)
		rounds := g.turn(g.begin(nil))
		if got := lone.taken(); got != 1 {
			t.Errorf("the quiet log's follower was kicked %d times in the first turn, want once", got)
		}
		for len(rounds) > 0 {
			rounds = g.turn(rounds)
		}
		if got := crowd.taken(); got != 10*kicksPerTurn {
			t.Errorf("the loud log's followers were kicked %d times, want %d", got, 10*kicksPerTurn)
		}
	})
}

func TestRandomComingAndGoingKeepsAudiencesRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := runGroup(t)
		logs := make([]channels.Log, 5)
		type follower struct {
			seat  Seat
			count counter
			on    map[int]bool
		}
		var all []*follower
		for range 500 {
			if len(all) > 0 && rand.N(2) == 0 {
				i := rand.N(len(all))
				g.detach(&all[i].seat)
				all = append(all[:i], all[i+1:]...)
				continue
			}
			f := &follower{on: make(map[int]bool)}
			f.seat.waiter = &f.count
			var follows []*channels.Log
			for _, i := range rand.Perm(len(logs))[:1+rand.N(len(logs))] {
				f.on[i] = true
				follows = append(follows, &logs[i])
			}
			g.attach(follows, &f.seat)
			all = append(all, f)
		}
		for i := range logs {
			g.Wake(&logs[i])
			synctest.Wait()
			for _, f := range all {
				if got := f.count.taken(); (got == 1) != f.on[i] || got > 1 {
					t.Fatalf("a follower of %v was kicked %d times for log %d", f.on, got, i)
				}
			}
		}
	})
}

func TestWakeAllocatesNothing(t *testing.T) {
	g := newGroup()
	var l channels.Log
	var c counter
	for range 100 {
		g.attach([]*channels.Log{&l}, &Seat{waiter: &c})
	}
	rounds := make([]*audience, 0, 1)
	if n := testing.AllocsPerRun(100, func() {
		g.Wake(&l)
		for rounds = g.begin(rounds); len(rounds) > 0; {
			rounds = g.turn(rounds)
		}
	}); n != 0 {
		t.Errorf("%v allocations for 100 followers, want none", n)
	}
}
