package channels

import "testing"

// Invariant: nothing is missing silently. What a publisher says to be missing is
// told to those who read what comes after it.
func TestWhatAPublisherSaysToBeMissingIsTold(t *testing.T) {
	for _, tt := range []struct {
		name  string
		items []Item
		want  string
	}{
		{"a chain", []Item{item("a", "1", "1"), after("1", item("a", "2", "2"))}, "1 2"},
		{"a chain with a hole", []Item{item("a", "1", "1"), after("2", item("a", "3", "3")), after("3", item("a", "4", "4"))}, "1 [missing] 3 4"},
		{"one that comes late", []Item{item("a", "1", "1"), after("2", item("a", "3", "3")), after("1", item("a", "2", "2"))}, "1 [missing] 3 [missing] 2"},
		{"a chain that begins", []Item{after("0", item("a", "1", "1")), after("1", item("a", "2", "2"))}, "1 2"},
		{"after an item without an id", []Item{item("a", "", "1"), after("2", item("a", "3", "3"))}, "1 3"},
		{"another channel's chain", []Item{item("a", "1", "1"), item("b", "2", "b"), after("1", item("a", "2", "2"))}, "1 b 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := fedHub(nil)
			fill(t, h, 0, "a", "b")
			live := follow(t, h, "a", "b")
			for i, it := range tt.items {
				h.Deliver(placed(uint64(i+1), it))
			}
			want(t, live, tt.want)
			want(t, resume(t, h, at(h, 0), "a", "b"), tt.want)
		})
	}
}

func TestWhatNeedsNoOrderMissesNothing(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	free := after("x", item("a", "free", "free"))
	free.NoSeq = true
	h.Deliver(placed(1, item("a", "1", "1")), placed(2, free), placed(3, after("1", item("a", "2", "2"))))
	want(t, c, "1 free 2")
}

// A gap that was told is not told again when what came after it is given back,
// and one that was not is told once.
func TestWhatIsMissingIsToldOnce(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	h.Deliver(placed(1, item("a", "1", "1")), placed(2, after("x", item("a", "2", "2"))), placed(3, after("y", item("a", "3", "3"))))
	first := next(t, c)
	c.Back(&first[0])
	next(t, c)
	if _, err := c.Next(nil, 1, 1); err == nil || c.Position() != h.position(1) {
		t.Fatalf("got %v at %v, want a gap", err, c.Position())
	}
	second := next(t, c)
	c.Back(&second[0])
	want(t, c, "2 [missing] 3")
}

// A gap tells of what a client has missed itself: what it has seen already, or
// what was before it came, is none of it.
func TestWhatIsMissingElsewhereIsNotTold(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	h.Deliver(placed(1, item("a", "1", "1")), placed(2, after("x", item("a", "2", "2"))), placed(3, after("2", item("a", "3", "3"))))
	want(t, resume(t, h, at(h, 2), "a"), "3")
	want(t, follow(t, h, "a"), "")
}

// After a loss or in a new order nobody knows what was last.
func TestWhatWasLastIsForgottenWithIt(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	c := follow(t, h, "a")
	h.Deliver(placed(1, item("a", "1", "1")))
	h.Break("a", 2)
	h.Deliver(placed(3, after("2", item("a", "3", "3"))))
	want(t, c, "1 [evicted] 3")
	h.Restart("another")
	h.Fill("a", History{})
	c = follow(t, h, "a")
	h.Deliver(placed(1, after("7", item("a", "8", "8"))))
	want(t, c, "8")
}
