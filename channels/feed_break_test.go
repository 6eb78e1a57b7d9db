package channels

import "testing"

func TestABreakIsToldOnceToThoseBeforeIt(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a", "b")
	h.Deliver(word(1, "a", "1"))
	g := new(wakes)
	live := followFrom(t, h, Follow{Subscriptions: subs("a"), Group: g})
	both := follow(t, h, "a", "b")
	h.Deliver(word(2, "b", "2"))
	h.Break("a", 4)
	if g.n != 1 {
		t.Errorf("%d wakes", g.n)
	}
	for range 2 {
		h.Deliver(word(5, "a", "5"), word(6, "b", "6"))
	}
	want(t, live, "[evicted] 5")
	want(t, both, "2 [evicted] 5 6")
	want(t, resume(t, h, at(h, 0), "a"), "1 [evicted] 5")
	want(t, resume(t, h, at(h, 3), "a", "b"), "[evicted] 5 6")
	want(t, resume(t, h, at(h, 4), "a", "b"), "5 6")
	want(t, follow(t, h, "a"), "")
}

func TestABreakCanBeReadAtOnce(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a", "b")
	c := follow(t, h, "a", "b")
	h.Break("a", 4)
	want(t, c, "[evicted]")
	if c.Position() != h.position(4) {
		t.Errorf("the cursor is at %v", c.Position())
	}
}

func TestABreakSaysWhereTheReaderGoesOn(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	h.Break("a", 4)
	_, err := c.Next(nil, 9, 99)
	gap, _ := err.(*Gap)
	if gap == nil || *gap != (Gap{Reason: Evicted, Channel: "a", Lost: -1, Resume: h.position(4)}) {
		t.Errorf("error %+v", err)
	}
}

func TestWhatIsDeclaredLostDoesNotComeAnyMore(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	h.Break("a", 4)
	h.Deliver(word(3, "a", "3"), word(4, "a", "4"), word(5, "a", "5"))
	want(t, c, "[evicted] 5")
}

func TestABreakThatIsNoneIsNotTold(t *testing.T) {
	h, f := fedHub(nil)
	fill(t, h, 0, "a")
	keep(t, h, "unfilled")
	h.Deliver(word(5, "a", "5"))
	c := follow(t, h, "a")
	f.told()
	h.Break("a", 5)
	h.Break("unkept", 9)
	h.Break("unfilled", 9)
	h.Advance(9)
	h.Fill("unfilled", History{Items: []Placed{word(8, "unfilled", "8")}})
	want(t, c, "")
	want(t, resume(t, h, at(h, 0), "a", "unfilled"), "5 8")
	if told := f.told(); told != nil {
		t.Errorf("the feed was told to want %v", told)
	}
}

// What a client has seen on another node is not lost to it.
func TestABreakBeforeThePlaceOfAClientIsNotTold(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	h.Learn(9)
	returned, fresh := resume(t, h, at(h, 8), "a"), follow(t, h, "a")
	h.Break("a", 4)
	want(t, returned, "")
	want(t, fresh, "")
}

func TestALateBreakIsToldToThoseWhoCanHaveMissedIt(t *testing.T) {
	h := lateHub(t, nil)
	was := resume(t, h, at(h, 3), "a", "b")
	want(t, was, "4")
	h.Break("a", 2)
	want(t, was, "[evicted]")
	want(t, resume(t, h, at(h, 4), "a", "b"), "[evicted]")
	want(t, resume(t, h, at(h, 2), "a", "b"), "3 4")
}

func TestALogThatKeepsNothingRemembersABreak(t *testing.T) {
	h, _ := fedHub(func(o *Options) { o.Limits.Messages = 0 })
	fill(t, h, 0, "a")
	h.Break("a", 4)
	want(t, resume(t, h, at(h, 3), "a"), "[evicted]")
	want(t, resume(t, h, at(h, 4), "a"), "")
	if n := retained(t, h, "a"); n != 0 {
		t.Errorf("%d entries kept", n)
	}
}
