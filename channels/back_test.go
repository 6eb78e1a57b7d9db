package channels

import "testing"

// next reads at most ten entries.
func next(t *testing.T, c *Cursor) []Entry {
	t.Helper()
	entries, err := c.Next(nil, 10, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestWhatIsGivenBackComesAgain(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a", "b", "c")
	for i, channel := range []string{"a", "b", "a", "c", "b", "a"} {
		say(t, h, channel, string(rune('1'+i)))
	}
	for from := range 6 {
		entries := next(t, c)
		if len(entries) != 6-from {
			t.Fatalf("read %d entries, want %d", len(entries), 6-from)
		}
		c.Back(&entries[0])
		if got := c.Position().Seq; got != uint64(from) {
			t.Errorf("the cursor says that it is at %d, want %d", got, from)
		}
		c.Next(nil, 1, 1<<20)
	}
	want(t, c, "")
	c.Close()
	c.Back(&Entry{seq: 1}) // comes too late to do anything
}

// A channel that started live stays so, whatever older entries of another are
// given back with its own.
func TestGoingBackEndsWhereTheReadBegan(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "seen", "1"))
	say(t, h, "a", "2")
	say(t, h, "b", "before")
	s := subs("a", "b")
	s[0].PrevID = "seen"
	c := followFrom(t, h, Follow{Subscriptions: s})
	say(t, h, "b", "3")
	c.Back(&next(t, c)[0])
	want(t, c, "2 3")
}

func TestWhatTheLogDroppedAfterTheReadIsAGap(t *testing.T) {
	h := testHub(func(o *Options) {
		o.Limits = Limits{Messages: 3, Bytes: 1 << 20, WindowMessages: 3, WindowBytes: 1}
	})
	c := follow(t, h, "a")
	say(t, h, "a", "1", "2", "3")
	entries := next(t, c)
	say(t, h, "a", "4", "5")
	c.Back(&entries[1]) // 2 is gone, 3 is not
	want(t, c, "[lag] 3 4 5")
}

func TestABreakThatWasNotToldStaysBehindWhatIsGivenBack(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := resume(t, h, at(h, 0), "a")
	h.Deliver(word(1, "a", "1"))
	h.Break("a", 3)
	h.Deliver(word(4, "a", "4"))
	entries := next(t, c)
	c.Back(&entries[0])
	want(t, c, "1 [evicted] 4")
}

// Retention may end at any time for those who come back, but a live reader has the
// send window: what it was not able to pass on is there as long as that covers it.
func TestWhatCanBeGivenBackIsKeptInsideTheWindow(t *testing.T) {
	h := testHub(func(o *Options) {
		o.Limits = Limits{Messages: 1, Bytes: 1 << 20, WindowMessages: 3, WindowBytes: 1}
	})
	c := follow(t, h, "a")
	say(t, h, "a", "1", "2", "3")
	for range 2 {
		entries := next(t, c)
		c.Back(&entries[0])
	}
	want(t, c, "1 2 3")
	want(t, resume(t, h, h.position(0).String(), "a"), "[evicted] 3") // nobody stands there any more
	c.Close()
	checkCharge(t, h)
}
