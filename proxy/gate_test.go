package proxy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// entrance is what a gate and a pace have in common.
type entrance interface {
	enter(context.Context) error
}

// crowd is who tries to enter, in fake time.
type crowd struct {
	t  *testing.T
	at entrance

	mu   sync.Mutex
	log  []int // who got in, in order
	errs map[int]error
}

func newCrowd(t *testing.T, at entrance) *crowd {
	return &crowd{t: t, at: at, errs: map[int]error{}}
}

// come makes who try, and returns when it is in, has failed, or waits.
func (c *crowd) come(ctx context.Context, who int) {
	go func() {
		err := c.at.enter(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.log = append(c.log, who)
		} else {
			c.errs[who] = err
		}
	}()
	synctest.Wait()
}

// wantIn checks who has got in so far.
func (c *crowd) wantIn(who ...int) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.log, who) {
		c.t.Errorf("%v got in, want %v", c.log, who)
	}
}

// wantError checks why who did not get in.
func (c *crowd) wantError(who int, want error) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := c.errs[who]; !errors.Is(got, want) {
		c.t.Errorf("%d did not get in for %v, want %v", who, got, want)
	}
}

// testLimits let three wait, for ten seconds.
func testLimits() *Limits { return &Limits{Queue: 3, Patience: 10 * time.Second} }

func newTestCounts() *queueCounts {
	return NewMetrics(prometheus.NewRegistry()).queues.at(limitOriginRequests, "test")
}

func TestAGateLetsInInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2, testLimits(), newTestCounts())
		c := newCrowd(t, g)
		for who := 1; who <= 5; who++ {
			c.come(t.Context(), who)
		}
		c.wantIn(1, 2)
		g.leave()
		c.wantIn(1, 2, 3)
		g.leave()
		c.wantIn(1, 2, 3, 4)
		g.leave()
		c.wantIn(1, 2, 3, 4, 5)
		c.come(t.Context(), 6)
		g.leave()
		g.leave()
		c.wantIn(1, 2, 3, 4, 5, 6)
		c.come(t.Context(), 7)
		c.come(t.Context(), 8)
		c.wantIn(1, 2, 3, 4, 5, 6, 7)
		g.leave()
		g.leave()
	})
}

func TestAClientThatLeavesFreesItsPlaceInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, testLimits(), newTestCounts())
		c := newCrowd(t, g)
		leaving, leave := context.WithCancel(t.Context())
		c.come(t.Context(), 1)
		c.come(t.Context(), 2)
		c.come(leaving, 3)
		c.come(t.Context(), 4)
		c.come(t.Context(), 5)
		c.wantError(5, errQueueFull)
		leave()
		c.wantError(3, context.Canceled)
		c.come(t.Context(), 6)
		g.leave()
		c.wantIn(1, 2)
		g.leave()
		c.wantIn(1, 2, 4)
		g.leave()
		c.wantIn(1, 2, 4, 6)
	})
}

func TestNobodyWaitsForeverAtAGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, testLimits(), newTestCounts())
		c := newCrowd(t, g)
		c.come(t.Context(), 1)
		c.come(t.Context(), 2)
		time.Sleep(5 * time.Second)
		c.come(t.Context(), 3)
		time.Sleep(5 * time.Second)
		c.wantError(2, errWaitOver)
		g.leave()
		c.wantIn(1, 3)
		g.leave()
		c.come(t.Context(), 4)
		c.wantIn(1, 3, 4)
	})
}

// Whoever leaves at the moment in which its turn comes has either had it or
// handed it on: no place is lost.
func TestNoPlaceOfAGateIsLost(t *testing.T) {
	const places, clients = 3, 200
	g := newGate(places, &Limits{Queue: clients, Patience: patience}, newTestCounts())
	var wg sync.WaitGroup
	for range clients {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if g.enter(ctx) == nil {
				g.leave()
			}
		})
		wg.Go(cancel)
	}
	wg.Wait()
	if g.free != places || g.waiting.Len() != 0 {
		t.Errorf("%d of %d places are free, %d wait", g.free, places, g.waiting.Len())
	}
}

func TestEnteringWithoutAWaitAllocatesNothing(t *testing.T) {
	g, p := newGate(1, testLimits(), newTestCounts()), newPace(1e9, 1e9, testLimits(), newTestCounts())
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if g.enter(ctx) != nil || p.enter(ctx) != nil {
			t.Error("had to wait")
		}
		g.leave()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEnteringAGate(b *testing.B) {
	g := newGate(1, testLimits(), newTestCounts())
	b.ReportAllocs()
	for b.Loop() {
		g.enter(b.Context())
		g.leave()
	}
}

func BenchmarkEnteringAPace(b *testing.B) {
	p := newPace(1e9, 1e9, testLimits(), newTestCounts())
	b.ReportAllocs()
	for b.Loop() {
		p.enter(b.Context())
	}
}
