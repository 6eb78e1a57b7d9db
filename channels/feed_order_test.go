package channels

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func TestFollowersOfAnOrderThatEndedWhileTheyWaitedAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := fedHub(nil)
		followed := make(chan error)
		go func() {
			_, err := h.Follow(t.Context(), Follow{Subscriptions: subs("a"), Group: new(quiet)})
			followed <- err
		}()
		synctest.Wait()
		h.Restart(NewEpoch())
		h.Fill("a", History{})
		if err := <-followed; !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
		if n := h.Stats().IdleChannels; n != 1 {
			t.Errorf("%d channels without readers", n)
		}
	})
}

// Or the stream would be silent until the new order has come as far.
func TestAStreamCannotStartAtAPlaceOfAnOrderThatWentFurther(t *testing.T) {
	h, _ := fedHub(nil)
	h.Learn(100)
	live := h.Head().Seq
	h.Restart(NewEpoch())
	fill(t, h, 5, "a")
	_, err := h.Follow(t.Context(), Follow{Subscriptions: subs("a"), Live: live, Group: new(quiet)})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// Or it would miss what the new order has before that place.
func TestAStreamCannotStartAtAPlaceOfAnOrderThatHasEnded(t *testing.T) {
	h, _ := fedHub(nil)
	h.Learn(5)
	live := h.Head()
	h.Restart(NewEpoch())
	fill(t, h, 100, "a")
	f := Follow{Subscriptions: subs("a"), Live: live.Seq, Epoch: live.Epoch, Group: new(quiet)}
	if _, err := h.Follow(t.Context(), f); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	f.Epoch = h.Epoch()
	c, err := h.Follow(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// Each order of this test comes less far than the one before it.
func TestTheHeadIsOfOneOrder(t *testing.T) {
	const orders = 2000
	h, _ := fedHub(nil)
	epoch := func(i int) string { return fmt.Sprintf("order%07d", i) }
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := 0; i < orders-1; {
				p := h.Head()
				if _, err := fmt.Sscanf(p.Epoch, "order%d", &i); err == nil && p.Seq > uint64(orders-i) {
					t.Errorf("%v is of no order", p)
					return
				}
			}
		})
	}
	for i := range orders {
		h.Restart(epoch(i))
		h.Learn(uint64(orders - i))
	}
	wg.Wait()
}

func TestARestartEndsAllCursors(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 1, "a", "b")
	g := new(wakes)
	first := followFrom(t, h, Follow{Subscriptions: subs("a"), Group: g})
	second := followFrom(t, h, Follow{Subscriptions: subs("a", "b"), Group: g})
	h.Deliver(word(2, "a", "unread"))
	g.n = 0
	h.Restart(NewEpoch())
	if g.n != 2 {
		t.Errorf("the group was woken %d times for 2 logs", g.n)
	}
	for _, c := range []*Cursor{first, second} {
		if entries, err := c.Next(nil, 9, 99); len(entries) > 0 || !errors.Is(err, ErrClosed) {
			t.Errorf("%d entries, %v", len(entries), err)
		}
		if p := c.Position(); !p.IsZero() {
			t.Errorf("a cursor of the old order is at %v", p)
		}
	}
	if n := h.Stats().Evicted[EvictRestart]; n != 1 {
		t.Errorf("%d evictions counted", n)
	}
}

func TestANewOrderBeginsWithoutTheOldHistory(t *testing.T) {
	h, f := fedHub(nil)
	fill(t, h, 1, "a")
	h.Deliver(placed(7, item("a", "x", "old")), placed(8, item("a", "y", "old")))
	old := at(h, 7)
	epoch := NewEpoch()
	h.Restart(epoch)
	if h.Head() != (Position{epoch, 0}) || h.Epoch() != epoch {
		t.Errorf("the new order begins at %v", h.Head())
	}
	h.Deliver(word(1, "a", "before the history"))
	h.Advance(2)
	h.Fill("a", History{Items: []Placed{word(1, "a", "1"), placed(2, item("a", "x", "2"))}})
	h.Deliver(word(3, "a", "3"))
	want(t, resume(t, h, at(h, 0), "a"), "1 2 3")
	want(t, resume(t, h, old, "a"), "[epoch]")
	want(t, resume(t, h, "y", "a"), "[unknown]")
	if told := f.told(); len(told) != 1 {
		t.Errorf("the feed was told to want %v", told)
	}
}

func TestFollowersOfANewOrderWaitForItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := fedHub(nil)
		fill(t, h, 1, "a")
		h.Restart(NewEpoch())
		ctx, stop := context.WithCancelCause(t.Context())
		followed := make(chan error)
		go func() {
			_, err := h.Follow(ctx, Follow{Subscriptions: subs("a"), Group: new(quiet)})
			followed <- err
		}()
		synctest.Wait()
		select {
		case err := <-followed:
			t.Fatalf("followed a log without a history: %v", err)
		default:
		}
		gone := errors.New("gone")
		stop(gone)
		if err := <-followed; !errors.Is(err, gone) {
			t.Errorf("error %v", err)
		}
	})
}

func TestWhoAwaitsChannelsMayDoSoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := fedHub(nil)
		ready := make(chan func())
		go func() {
			release, err := h.Await(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			ready <- release
		}()
		synctest.Wait()
		h.Restart(NewEpoch())
		synctest.Wait()
		h.Fill("a", History{})
		(<-ready)()
	})
}

func TestARestartGivesBackWhatTheHistoryTook(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 1, "a", "b")
	c := follow(t, h, "a")
	empty := h.Stats().MemoryBytes
	for seq := range uint64(100) {
		h.Deliver(word(2+seq, []string{"a", "b"}[seq%2], strings.Repeat("x", 1000)))
	}
	h.Restart(NewEpoch())
	if m := h.Stats().MemoryBytes; m > empty+8*entryCost {
		t.Errorf("%d bytes, %d without a history", m, empty)
	}
	checkCharge(t, h)
	fill(t, h, 1, "a", "b")
	h.Deliver(word(2, "a", "x"))
	c.Close()
	checkCharge(t, h)
}
