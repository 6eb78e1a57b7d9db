package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestFollowWaitsUntilAllItsChannelsAreFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := fedHub(nil)
		followed := make(chan *Cursor, 1)
		go func() { followed <- follow(t, h, "a", "b") }()
		synctest.Wait()
		if told := f.told(); !slices.Equal(told, []string{"a", "b"}) {
			t.Errorf("the feed was told to want %v", told)
		}
		h.Fill("b", History{})
		synctest.Wait()
		if len(followed) > 0 {
			t.Fatal("followed before the last channel was filled")
		}
		h.Fill("a", History{})
		c := <-followed
		h.Deliver(word(1, "a", "1"), word(2, "b", "2"))
		want(t, c, "1 2")
	})
}

func TestAFollowerThatDoesNotWaitLetsGoOfItsChannels(t *testing.T) {
	h, f := fedHub(func(o *Options) { o.IdleChannels = 1 })
	fill(t, h, 0, "a")
	ctx, stop := context.WithCancelCause(t.Context())
	impatient := errors.New("impatient")
	stop(impatient)
	if _, err := h.Follow(ctx, Follow{Subscriptions: subs("a", "b", neighbour(h, "b")), Group: new(quiet)}); !errors.Is(err, impatient) {
		t.Errorf("error %v", err)
	}
	if _, err := h.Await(ctx, "a", "b"); !errors.Is(err, impatient) {
		t.Errorf("error %v", err)
	}
	if s := h.Stats(); s.IdleChannels != s.Channels || s.Channels != len(f.keeps()) {
		t.Errorf("%d of %d channels are idle, the feed knows of %v", s.IdleChannels, s.Channels, f.keeps())
	}
	checkCharge(t, h)
}

func TestAwaitedChannelsAreKeptUntilReleased(t *testing.T) {
	h, f := fedHub(func(o *Options) { o.IdleChannels = 1 }) // one per shard
	fill(t, h, 0, "a")
	release, err := h.Await(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	keep(t, h, neighbour(h, "a"), "other"+neighbour(h, "a"))
	if !slices.Contains(f.keeps(), "a") {
		t.Error("an awaited channel was forgotten")
	}
	release()
	release()
	for i := 0; slices.Contains(f.keeps(), "a"); i++ {
		keep(t, h, fmt.Sprint(i))
	}
}

func TestWhatCannotBeFollowedCannotBeAwaited(t *testing.T) {
	h, f := fedHub(nil)
	var bad *NameError
	if _, err := h.Await(t.Context(), "a", "b\n"); !errors.As(err, &bad) {
		t.Errorf("error %v", err)
	}
	h.Close()
	if _, err := h.Await(t.Context(), "a"); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	if told := f.told(); told != nil {
		t.Errorf("the feed was told to want %v", told)
	}
}

func TestNobodyWaitsInAHubWithoutAFeed(t *testing.T) {
	h := testHub(nil)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	release, err := h.Await(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	release()
	if n := h.Stats().Channels; n != 0 {
		t.Errorf("%d channels", n)
	}
}

func TestAFilledLogGoesOnWithWhatIsDelivered(t *testing.T) {
	h, _ := fedHub(nil)
	keep(t, h, "a", "b")
	h.Advance(9)
	h.Fill("a", History{Items: []Placed{word(3, "a", "3"), word(8, "a", "8")}})
	h.Fill("b", History{Items: []Placed{word(5, "b", "5")}})
	c := resume(t, h, at(h, 0), "a", "b")
	h.Deliver(word(10, "b", "10"), word(11, "a", "11"))
	want(t, c, "3 5 8 10 11")
	if h.Head() != h.position(11) || c.Position() != h.position(11) {
		t.Errorf("the head is %v, the cursor at %v", h.Head(), c.Position())
	}
}

func TestAnEntryHasItsPlaceAndTimeFromTheBus(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	var encodedAt Position
	it := Placed{Item: Item{Channel: "a"}, Seq: 7, At: time.Now().Add(-time.Minute)}
	it.Encode = func(p Position) Encoded {
		encodedAt = p
		enc := Encoded{Buf: []byte("x")}
		enc.Forms[text].Len = 1
		return enc
	}
	h.Deliver(it)
	entries, err := c.Next(nil, 1, 1)
	if err != nil || len(entries) != 1 || entries[0].Seq() != 7 || !entries[0].Published().Equal(it.At) || encodedAt != h.position(7) {
		t.Errorf("%d entries, encoded at %v, %v", len(entries), encodedAt, err)
	}
}

func TestDeliverPassesOverWhatNobodyNeeds(t *testing.T) {
	h, f := fedHub(nil)
	keep(t, h, "unfilled")
	f.told()
	h.Advance(5)
	keep(t, h, "a")
	h.Fill("a", History{Items: []Placed{word(5, "a", "5")}})
	h.Deliver(word(4, "a", "4"), word(5, "a", "5"), word(6, "unfilled", "6"), word(7, "unkept", "7"))
	if told := f.told(); !slices.Equal(told, []string{"a"}) || kept(h, "unkept") {
		t.Errorf("the feed was told to want %v", told)
	}
	if h.Head() != h.position(7) {
		t.Errorf("the head is %v", h.Head())
	}
	h.Fill("unfilled", History{Items: []Placed{word(6, "unfilled", "6")}})
	want(t, resume(t, h, at(h, 0), "a", "unfilled"), "5 6")
}

func TestAHistoryForAChannelThatIsNotKeptIsOfNoUse(t *testing.T) {
	h, _ := fedHub(nil)
	h.Fill("a", History{Items: []Placed{word(1, "a", "1")}})
	if s := h.Stats(); s.Channels != 0 || s.MemoryBytes != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A channel can be forgotten and wanted again while its history is on the way.
func TestAChannelThatIsFilledTwiceGetsWhatIsNew(t *testing.T) {
	h, _ := fedHub(nil)
	keep(t, h, "a")
	h.Advance(4)
	h.Fill("a", History{Floor: 1, Items: []Placed{word(3, "a", "3")}})
	g := new(wakes)
	c := followFrom(t, h, Follow{Subscriptions: subs("a"), Group: g})
	h.Advance(7)
	h.Fill("a", History{Floor: 2, Items: []Placed{word(3, "a", "3"), word(6, "a", "6")}})
	want(t, c, "6")
	if g.n != 1 {
		t.Errorf("%d wakes", g.n)
	}
	h.Advance(20)
	h.Fill("a", History{Floor: 15, Items: []Placed{word(17, "a", "17")}})
	want(t, c, "[evicted] 17")
	want(t, resume(t, h, at(h, 1), "a"), "3 6 [evicted] 17")
}

func TestGroupsAreWokenOncePerLogAndDelivery(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a", "b")
	g := new(wakes)
	followFrom(t, h, Follow{Subscriptions: subs("a"), Group: g})
	h.Deliver(word(1, "a", "1"), word(2, "a", "2"), word(3, "b", "3"))
	if g.n != 1 {
		t.Errorf("%d wakes", g.n)
	}
	h.Deliver(word(2, "a", "again"))
	h.Advance(5)
	h.Learn(6)
	if g.n != 1 {
		t.Errorf("%d wakes for nothing", g.n)
	}
}

func TestHeadIsWhatWasDeliveredOrIsKnown(t *testing.T) {
	h, _ := fedHub(nil)
	for _, step := range []struct {
		name string
		do   func()
		head uint64
	}{
		{"learn", func() { h.Learn(5) }, 5},
		{"learn what is known", func() { h.Learn(4) }, 5},
		{"deliver less", func() { h.Deliver(word(3, "a", "")) }, 5},
		{"deliver more", func() { h.Deliver(word(6, "a", "")) }, 6},
		{"advance less", func() { h.Advance(2) }, 6},
		{"advance more", func() { h.Advance(9) }, 9},
	} {
		if step.do(); h.Head() != h.position(step.head) {
			t.Errorf("%s: the head is %v", step.name, h.Head())
		}
	}
}

func TestAHistoryIsKeptWithinTheLimits(t *testing.T) {
	h, _ := fedHub(func(o *Options) { o.Limits.Messages = 2; o.Limits.Age = time.Minute })
	keep(t, h, "a", "b")
	h.Advance(9)
	h.Fill("a", History{Items: []Placed{word(1, "a", "1"), word(2, "a", "2"), word(3, "a", "3")}})
	old := word(4, "b", "4")
	old.At = old.At.Add(-2 * time.Minute)
	h.Fill("b", History{Items: []Placed{old}})
	want(t, resume(t, h, at(h, 0), "a"), "[evicted] 2 3")
	want(t, resume(t, h, at(h, 1), "a"), "2 3")
	want(t, resume(t, h, at(h, 3), "b"), "[evicted]")
	if n := retained(t, h, "b"); n != 0 {
		t.Errorf("%d entries that are too old", n)
	}
}

func TestHistoriesAreUnderTheMemoryLimit(t *testing.T) {
	const limit = 100 << 10
	h, f := fedHub(func(o *Options) { o.MemoryLimit = limit })
	h.Advance(1)
	for i := range 100 {
		name := fmt.Sprint("c", i)
		keep(t, h, name)
		h.Fill(name, History{Items: []Placed{word(1, name, strings.Repeat("x", 5000))}})
	}
	s := h.Stats()
	if s.MemoryBytes > limit || s.Channels != len(f.keeps()) || s.Channels < 5 {
		t.Errorf("%d bytes in %d channels, the feed knows of %d", s.MemoryBytes, s.Channels, len(f.keeps()))
	}
	checkCharge(t, h)
}

// Want and Drop take turns, whoever comes and goes, and in the end the feed
// knows of what is kept, nothing else.
func TestTheFeedKnowsWhatIsKept(t *testing.T) {
	h, f := fedHub(func(o *Options) { o.IdleChannels = numShards; o.MemoryLimit = 64 << 10 })
	var wg, filling sync.WaitGroup
	f.onWant = func(name string) {
		filling.Go(func() {
			h.Fill(name, History{Items: []Placed{word(1, name, strings.Repeat("x", 1000))}})
		})
	}
	for g := range 4 {
		wg.Go(func() {
			for i := range 1500 {
				name := fmt.Sprint("c", (g*7+i)%300)
				ctx, stop := context.WithCancel(t.Context())
				if i%3 == 0 {
					stop()
				}
				if release, err := h.Await(ctx, name); err == nil {
					h.Deliver(word(uint64(2+i), name, "x"))
					release()
				}
				stop()
			}
		})
	}
	wg.Wait()
	filling.Wait()
	if len(f.problems) > 0 {
		t.Errorf("the feed was told twice in a row of %v", f.problems)
	}
	var names []string
	page, _ := h.Channels(Listing{Limit: 1000})
	for _, info := range page {
		names = append(names, info.Name)
	}
	if slices.Sort(names); !slices.Equal(names, f.keeps()) {
		t.Errorf("the hub keeps %v, the feed knows of %v", names, f.keeps())
	}
	if s := h.Stats(); s.Evicted[EvictIdle] == 0 || s.Evicted[EvictMemory] == 0 || s.IdleChannels != s.Channels {
		t.Errorf("stats %+v", s)
	}
}
