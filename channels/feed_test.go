package channels

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// truth is a feed whose order and history the test decides.
type truth struct {
	mu     sync.Mutex
	wanted []string                // as it was told: "+a", "-a"
	sync   func(channels []string) // what Sync does
}

func (f *truth) Want(channel string) { f.tell("+" + channel) }
func (f *truth) Drop(channel string) { f.tell("-" + channel) }

func (f *truth) tell(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = append(f.wanted, what)
}

func (f *truth) Sync(ctx context.Context, channels ...string) error {
	if f.sync == nil {
		return errors.New("nobody expected this")
	}
	f.sync(channels)
	return nil
}

func truthHub() (*Hub, *truth) {
	f := &truth{}
	return testHub(func(o *Options) { o.Feed = f }), f
}

// fillEmpty gives channels an empty history, so that they can be followed.
func fillEmpty(t testing.TB, h *Hub, names ...string) {
	t.Helper()
	release := pin(h, names...)
	defer release()
	for _, name := range names {
		h.Fill(name, History{})
	}
}

// pin keeps channels that are not filled yet.
func pin(h *Hub, names ...string) (release func()) {
	c := &Cursor{hub: h}
	c.join(subscriptions(names))
	return c.abandon
}

func TestTheFeedIsToldWhatIsKept(t *testing.T) {
	h, f := truthHub()
	pin(h, "a", "b")()
	for _, s := range h.shards {
		for s.evictIdle() {
		}
	}
	pin(h, "a")()
	slices.Sort(f.wanted[2:4])
	if got := strings.Join(f.wanted, " "); got != "+a +b -a -b +a" {
		t.Error(got)
	}
}

func TestFollowersWaitForTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := truthHub()
		var c *Cursor
		followed := false
		go func() {
			c, _ = h.Follow(context.Background(), Follow{Subscriptions: subs("a"), Resume: Resume{ID: h.position(1).String()}, Group: new(wakes)})
			followed = true
		}()
		h.Learn(3)
		synctest.Wait()
		if followed {
			t.Fatal("a channel was followed that has no history")
		}
		h.Advance(3)
		h.Fill("a", History{Items: []Placed{placed(1, item("a", "", "one")), placed(2, item("a", "", "two"))}})
		synctest.Wait()
		want(t, c, "two")
		h.Deliver(placed(2, item("a", "", "two")), placed(4, item("a", "", "four")), placed(5, item("b", "", "nobody's")))
		want(t, c, "four")
		c.Close()
	})
}

func TestFollowersGiveUpWaitingWithTheirContext(t *testing.T) {
	h, _ := truthHub()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Follow(ctx, Follow{Subscriptions: subs("a", "b"), Group: new(wakes)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Await(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s := h.Stats(); s.IdleChannels != s.Channels {
		t.Errorf("%d channels, %d of them idle: somebody still holds one", s.Channels, s.IdleChannels)
	}
}

func TestAFloorIsWhatTheFeedSays(t *testing.T) {
	h, _ := truthHub()
	release := pin(h, "a")
	h.Advance(20)
	h.Fill("a", History{Floor: 10, Items: []Placed{placed(12, item("a", "", "twelve"))}})
	release()
	want(t, resume(t, h, h.position(10).String(), "a"), "twelve")
	want(t, resume(t, h, h.position(9).String(), "a"), "[evicted] twelve")
}

func TestWhatComesLateIsNotForThoseWhoHaveSeenItElsewhere(t *testing.T) {
	h, _ := truthHub()
	fillEmpty(t, h, "a")
	h.Learn(7)
	c := resume(t, h, h.position(5).String(), "a")
	h.Deliver(placed(4, item("a", "", "four")), placed(5, item("a", "", "five")), placed(6, item("a", "", "six")))
	want(t, c, "six")
}

func TestAnUnknownIDIsLookedUpAgain(t *testing.T) {
	for name, c := range map[string]struct {
		id     string
		prevID string
		brings []Placed
		want   string
	}{
		"an id that another node was faster with": {id: "x", brings: []Placed{placed(2, item("a", "x", "two")), placed(3, item("a", "", "three"))}, want: "three"},
		"an id that nobody knows":                 {id: "x", brings: []Placed{placed(2, item("a", "y", "two"))}, want: "[unknown]"},
		"an item that the origin names":           {prevID: "x", brings: []Placed{placed(2, item("a", "x", "two")), placed(3, item("a", "", "three"))}, want: "three"},
		"a place that is not reached":             {id: "POSITION", want: "[unknown]"},
	} {
		t.Run(name, func(t *testing.T) {
			h, f := truthHub()
			fillEmpty(t, h, "a")
			h.Learn(3)
			asked := 0
			f.sync = func(channels []string) {
				asked++
				h.Deliver(c.brings...)
			}
			sub := Subscription{Channel: "a", PrevID: c.prevID}
			id := strings.Replace(c.id, "POSITION", h.position(99).String(), 1)
			cur, err := h.Follow(context.Background(), Follow{Subscriptions: []Subscription{sub}, Live: 3, Resume: Resume{ID: id}, Group: new(wakes)})
			if err != nil {
				t.Fatal(err)
			}
			defer cur.Close()
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			want(t, cur, c.want)
		})
	}
}

func TestAnIDCountsOnceAlsoAfterItsChannelWasForgotten(t *testing.T) {
	h, _ := truthHub()
	history := []Placed{placed(1, item("a", "x", "first")), placed(2, item("a", "x", "again")), placed(3, item("a", "y", "other"))}
	for range 2 {
		release := pin(h, "a")
		h.Advance(3)
		h.Fill("a", History{Items: history})
		release()
		want(t, resume(t, h, h.position(0).String(), "a"), "first other")
		for _, s := range h.shards {
			for s.evictIdle() {
			}
		}
	}
}

func TestALossIsToldWhereItWas(t *testing.T) {
	h, _ := truthHub()
	fillEmpty(t, h, "a", "b")
	live := resume(t, h, h.position(0).String(), "a", "b")
	h.Deliver(placed(1, item("a", "", "one")), placed(2, item("b", "", "two")))
	h.Break("a", 4)
	h.Deliver(placed(5, item("b", "", "five")), placed(6, item("a", "", "six")))
	returning, later := resume(t, h, h.position(2).String(), "a", "b"), resume(t, h, h.position(4).String(), "a", "b")
	want(t, live, "one two [evicted] five six")
	want(t, returning, "[evicted] five six")
	want(t, later, "five six")
}

func TestANewOrderEndsEverything(t *testing.T) {
	h, f := truthHub()
	fillEmpty(t, h, "a")
	w := new(wakes)
	c, err := h.Follow(context.Background(), Follow{Subscriptions: subs("a"), Group: w})
	if err != nil {
		t.Fatal(err)
	}
	h.Deliver(placed(1, item("a", "", "one")))
	old, before := h.position(1).String(), w.n
	h.Restart("aaaaaaaaaaaa")
	if w.n == before {
		t.Error("the group was not woken")
	}
	if _, err := c.Next(nil, 9, 999); !errors.Is(err, ErrClosed) {
		t.Errorf("the old cursor: %v", err)
	}
	if !c.Position().IsZero() {
		t.Error("the old cursor has a position in the new order")
	}
	c.Close()
	h.Advance(1)
	h.Fill("a", History{Items: []Placed{placed(1, item("a", "", "first"))}})
	want(t, resume(t, h, old, "a"), "[epoch]")
	want(t, resume(t, h, "aaaaaaaaaaaa-0", "a"), "first")
	if len(f.wanted) != 1 {
		t.Errorf("the feed was told %v", f.wanted)
	}
}
