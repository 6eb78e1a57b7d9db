package channels

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestACursorGetsWhatIsPublishedAfterItJoined(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "before")
	c := follow(t, h, "a")
	say(t, h, "b", "elsewhere")
	say(t, h, "a", "one", "two")
	want(t, c, "one two")
	want(t, c, "")
}

// Invariant: no hole at the start.
func TestAStreamStartsAtThePlaceNotedBeforeItJoined(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "before")
	live := h.Head().Seq
	say(t, h, "a", "meanwhile")
	c := followFrom(t, h, Follow{Subscriptions: subs("a"), Live: live})
	say(t, h, "a", "after")
	want(t, c, "meanwhile after")
}

// Invariant: one order, over all channels of a stream.
func TestSeveralChannelsAreReadInTheOrderOfPublishing(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a", "b", "c")
	say(t, h, "b", "1", "2")
	say(t, h, "a", "3")
	say(t, h, "x", "no")
	say(t, h, "c", "4")
	say(t, h, "b", "5")
	want(t, c, "1 2 3 4 5")
	say(t, h, "a", "6")
	want(t, c, "6")
}

func TestAChannelNamedTwiceIsFollowedOnce(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a", "a")
	say(t, h, "a", "1")
	want(t, c, "1")
}

func TestACursorWithoutChannelsIsAlwaysAtTheHead(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h)
	say(t, h, "a", "1")
	want(t, c, "")
}

func TestTheSameIDIsPublishedOnceWithinTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		c := follow(t, h, "a", "b")
		got := publish(t, h, item("a", "x", "1"), item("a", "x", "again"), item("b", "x", "2"))
		if got[1].Status != Duplicate || got[0].Status != Appended {
			t.Errorf("statuses %v", got)
		}
		time.Sleep(61 * time.Second)
		publish(t, h, item("a", "x", "3"))
		want(t, c, "1 2 3")
		if n := h.Stats().Duplicates; n != 1 {
			t.Errorf("%d duplicates counted", n)
		}
	})
}

func TestAnItemWaitsForTheOneBeforeIt(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	publish(t, h, item("a", "1", "1"))
	got := publish(t, h, after("3", item("a", "4", "4")), after("2", item("a", "3", "3")))
	if got[0].Status != Parked || got[1].Status != Parked {
		t.Errorf("statuses %v", got)
	}
	want(t, c, "1")
	publish(t, h, after("1", item("a", "2", "2")))
	want(t, c, "2 3 4")
}

func TestAnItemThatWaitedLongEnoughIsAppended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		c := follow(t, h, "a")
		publish(t, h, item("a", "1", "1"), after("3", item("a", "4", "4")), after("2", item("a", "3", "3")))
		time.Sleep(4900 * time.Millisecond)
		want(t, c, "1")
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		want(t, c, "[missing] 3 4") // never 4 before 3, though 4 came first
		if s := h.Stats(); s.ParkTimeouts != 1 || s.ParkedNow != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestNoSeqPublishesAtOnce(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	third := after("2", item("a", "3", "3"))
	third.NoSeq = true
	publish(t, h, item("a", "1", "1"), third, after("1", item("a", "2", "2")))
	want(t, c, "1 3 2")
}

func TestTooManyParkedItemsPushOutTheOldest(t *testing.T) {
	h := testHub(func(o *Options) { o.ParkItems = 2 })
	c := follow(t, h, "a")
	publish(t, h, item("a", "1", "1"), after("8", item("a", "9", "9")), after("6", item("a", "7", "7")), after("4", item("a", "5", "5")))
	want(t, c, "1 [missing] 9")
	if s := h.Stats(); s.ParkOverflows != 1 || s.ParkedNow != 2 {
		t.Errorf("stats %+v", s)
	}
	h.Close()
	want(t, c, "[missing] 7 [missing] 5")
	if _, err := h.Publish(context.Background(), item("a", "", "late")); !errors.Is(err, ErrClosed) {
		t.Errorf("published to a closed hub: %v", err)
	}
}

func TestItemsThatWaitForEachOtherAreReleased(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	publish(t, h, item("a", "0", "0"), after("y", item("a", "x", "x")), after("x", item("a", "y", "y")))
	h.Flush()
	if got := read(t, c); got != "0 [missing] x y" && got != "0 [missing] y x" {
		t.Errorf("read %q", got)
	}
}

func TestNothingIsParkedAfterAFlush(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	publish(t, h, item("a", "1", "1"), after("2", item("a", "3", "3")))
	h.Flush()
	publish(t, h, after("4", item("a", "5", "5")))
	want(t, c, "1 [missing] 3 [missing] 5")
	publish(t, h, after("3", item("a", "4", "4")))
	want(t, c, "[missing] 4")
	if s := h.Stats(); s.ParkedNow != 0 || s.Parked != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestABadNameRefusesTheWholeBatch(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	_, err := h.Publish(context.Background(), item("a", "", "1"), item("a\n", "", "2"))
	var name *NameError
	if !errors.As(err, &name) {
		t.Errorf("error %v", err)
	}
	want(t, c, "")
}

func TestGroupsAreWokenOncePerLogAndPublish(t *testing.T) {
	h := testHub(nil)
	g := new(wakes)
	f := Follow{Subscriptions: subs("a"), Group: g}
	first, second := followFrom(t, h, f), followFrom(t, h, f)
	got := publish(t, h, item("a", "", "1"), item("a", "", "2"))
	if g.n != 1 || got[1].Streams != 2 {
		t.Errorf("%d wakes, %d streams", g.n, got[1].Streams)
	}
	first.Close()
	say(t, h, "a", "3")
	second.Close()
	say(t, h, "a", "4")
	if g.n != 2 {
		t.Errorf("%d wakes", g.n)
	}
	if _, err := first.Next(nil, 1, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed cursor reads: %v", err)
	}
}

func TestCloseActsOnLiveStreamsAndIsSkippedInAReplay(t *testing.T) {
	h := testHub(nil)
	start := h.Head().String()
	live := follow(t, h, "a")
	say(t, h, "a", "1")
	if n, known, err := h.CloseChannel(context.Background(), "a"); n != 1 || !known || err != nil {
		t.Errorf("closed %d streams, known %v, %v", n, known, err)
	}
	say(t, h, "a", "2")
	want(t, live, "1 close 2")
	want(t, resume(t, h, start, "a"), "1 2")
	if _, known, _ := h.CloseChannel(context.Background(), "nobody"); known {
		t.Error("a channel that never was is known")
	}
}

func TestEntriesWithoutTheReadersFormArePassedOver(t *testing.T) {
	h := testHub(nil)
	c := followFrom(t, h, Follow{Subscriptions: subs("a"), Form: 2})
	say(t, h, "a", "1", "2")
	want(t, c, "")
	if c.Position() != h.Head() {
		t.Errorf("the cursor is at %v, the head at %v", c.Position(), h.Head())
	}
}

func TestNextKeepsToItsLimits(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	say(t, h, "a", "12345", "12345", "12345")
	for _, max := range []struct{ entries, bytes, want int }{{1, 100, 1}, {9, 1, 1}, {9, 100, 1}, {9, 100, 0}} {
		got, err := c.Next(nil, max.entries, max.bytes)
		if err != nil || len(got) != max.want {
			t.Errorf("Next(%d, %d) gave %d entries, %v", max.entries, max.bytes, len(got), err)
		}
	}
}

func TestChannelsAreListedByStreams(t *testing.T) {
	h := testHub(nil)
	follow(t, h, "b")
	follow(t, h, "b", "c")
	say(t, h, "a", "1")
	page, of := h.Channels(Listing{Limit: 2})
	if of != (Totals{Channels: 3, Streams: 3}) || len(page) != 2 || page[0].Name != "b" || page[0].Streams != 2 || page[1].Name != "c" {
		t.Errorf("%+v in all, page %+v", of, page)
	}
	page, _ = h.Channels(Listing{Offset: 2, Limit: 9})
	if len(page) != 1 || page[0].Entries != 1 || page[0].Last != h.Head() {
		t.Errorf("page %+v", page)
	}
	if page, _ = h.Channels(Listing{Offset: 9, Limit: 9}); len(page) != 0 {
		t.Errorf("page %+v", page)
	}
}

func TestChannelsAreListedByName(t *testing.T) {
	h := testHub(nil)
	for _, name := range []string{"user-3", "user-1", "other", "user-2", "user-2"} {
		follow(t, h, name)
	}
	page, of := h.Channels(Listing{Prefix: "user-", ByName: true, After: "user-1", Limit: 1})
	if of != (Totals{Channels: 3, Streams: 4}) || len(page) != 1 || page[0].Name != "user-2" {
		t.Errorf("%+v in all, page %+v", of, page)
	}
}

func TestOnlyChannelsThatPatternsNameAreListed(t *testing.T) {
	h := testHub(nil)
	for _, name := range []string{"user-3", "user-1", "other", "user-2", "user-2"} {
		follow(t, h, name)
	}
	page, of := h.Channels(Listing{Only: Patterns{"user-2", "o*"}, Limit: 9})
	if of != (Totals{Channels: 2, Streams: 3}) || len(page) != 2 || page[0].Name != "user-2" || page[1].Name != "other" {
		t.Errorf("%+v in all, page %+v", of, page)
	}
	if page, of = h.Channels(Listing{Only: Patterns{"o*"}, Prefix: "user-", Limit: 9}); of.Channels != 0 || len(page) != 0 {
		t.Errorf("%+v in all, page %+v", of, page)
	}
}

// Invariant: a delivery allocates nothing.
func TestReadingAllocatesNothing(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a", "b")
	dst := make([]Entry, 0, 16)
	n := testing.AllocsPerRun(100, func() { dst, _ = c.Next(dst[:0], 16, 1<<20) })
	say(t, h, "a", "1")
	if n != 0 {
		t.Errorf("%v allocations a read at the head", n)
	}
	for range 200 {
		say(t, h, "b", "x")
	}
	if n := testing.AllocsPerRun(100, func() { dst, _ = c.Next(dst[:0], 1, 1<<20) }); n != 0 || len(dst) != 1 {
		t.Errorf("%v allocations a delivery", n)
	}
}

func TestPositionsAreReadAsWritten(t *testing.T) {
	p := Position{NewEpoch(), 42}
	if got, ok := ParsePosition(p.String()); !ok || got != p {
		t.Errorf("%v was read as %v, %v", p, got, ok)
	}
	for _, bad := range []string{"", "42", "-", "abc-1", p.Epoch, p.Epoch + "-", p.Epoch + "-+1", p.Epoch + "-01",
		p.Epoch + "-99999999999999999999", "ABCDEFGHIJKL-1", fmt.Sprint(p, " ")} {
		if _, ok := ParsePosition(bad); ok {
			t.Errorf("%q was read as a position", bad)
		}
	}
}
