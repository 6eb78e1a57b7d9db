package channels

import "testing"

// lateHub has lost an entry of channel a that was at 2, while those who follow
// channel b as well have got to 4.
func lateHub(t *testing.T, change func(*Options)) *Hub {
	h, _ := fedHub(change)
	fill(t, h, 0, "a", "b")
	h.Deliver(word(1, "a", "1"), word(3, "b", "3"), word(4, "b", "4"))
	return h
}

func TestALateEntryComesToThoseWhoAreThere(t *testing.T) {
	h := lateHub(t, nil)
	c := resume(t, h, at(h, 0), "a", "b")
	want(t, c, "1 3 4")
	h.Deliver(word(2, "a", "2"), word(5, "a", "5"))
	want(t, c, "2 5")
	if c.Position() != h.position(5) {
		t.Errorf("the cursor is at %v", c.Position())
	}
}

// Invariant: nothing is dropped silently. Who was shown something from behind the
// place of an entry that was not there yet cannot have seen the entry.
func TestALateEntryComesToThoseWhoCanHaveMissedIt(t *testing.T) {
	for _, tt := range []struct {
		name           string
		place          uint64
		before, behind string // whether the client comes before the entry or behind it
	}{
		{"who has not got there", 1, "3 4 2 5 6", "2 3 4 5 6"},
		{"who has seen the entry elsewhere", 2, "3 4 5 6", "3 4 5 6"},
		{"who has seen what was behind it", 3, "4 2 5 6", "2 4 5 6"},
		{"who has seen the last before it came", 4, "2 5 6", "2 5 6"},
		{"who has seen more elsewhere", 5, "6", "6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := lateHub(t, nil)
			h.Learn(5)
			before := resume(t, h, at(h, tt.place), "a", "b")
			first := read(t, before)
			h.Deliver(word(2, "a", "2"), word(5, "a", "5"), word(6, "a", "6"))
			if got := join(first, read(t, before)); got != tt.before {
				t.Errorf("read %q, want %q", got, tt.before)
			}
			want(t, resume(t, h, at(h, tt.place), "a", "b"), tt.behind)
		})
	}
}

func TestALateEntryIsNotForAStreamThatStartedBehindIt(t *testing.T) {
	h := lateHub(t, nil)
	c := follow(t, h, "a", "b")
	h.Deliver(word(2, "a", "2"))
	want(t, c, "")
	want(t, follow(t, h, "a", "b"), "")
}

func TestALateEntryThatIsGoneIsAGapForThoseWhoCanHaveMissedIt(t *testing.T) {
	for place, words := range map[uint64]string{1: "[evicted] 3 4", 2: "3 4", 3: "[evicted] 4", 4: "[evicted]", 5: ""} {
		h := lateHub(t, func(o *Options) { o.Overrides = []Override{{Prefix: "a"}} }) // keeps nothing
		h.Learn(5)
		h.Deliver(word(2, "a", "2"))
		if got := read(t, resume(t, h, at(h, place), "a", "b")); got != words {
			t.Errorf("from %d: read %q, want %q", place, got, words)
		}
	}
}

// A channel that is being filled has no readers who could have gone on.
func TestAHistoryIsNotLate(t *testing.T) {
	h := lateHub(t, nil)
	keep(t, h, "c")
	h.Fill("c", History{Items: []Placed{word(2, "c", "2")}})
	want(t, resume(t, h, at(h, 3), "b", "c"), "4")
	want(t, resume(t, h, at(h, 1), "b", "c"), "2 3 4")
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// A batch ascends, or what is given back of it could lie on both sides of what
// came late.
func TestALateEntryIsNotInOneBatchWithWhatIsBehindIt(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a", "b", "c")
	c := resume(t, h, at(h, 0), "a", "b", "c")
	h.Deliver(word(3, "b", "3"), word(4, "c", "4"), word(5, "b", "5"))
	if _, err := c.Next(nil, 1, 1); err != nil { // b's next is known now
		t.Fatal(err)
	}
	c.legs[1].moveOn() // or that would wait for the lock
	b := c.legs[1].log
	b.mu.Lock()
	got := make(chan []Entry)
	go func() {
		entries, _ := c.Next(nil, 10, 1<<20)
		got <- entries
	}()
	waitForLock("(*batch).read")
	h.Deliver(word(2, "a", "2"))
	b.mu.Unlock()
	entries := <-got
	if len(entries) != 2 || entries[0].Seq() != 4 {
		t.Fatalf("read %d entries", len(entries))
	}
	c.Back(&entries[0])
	want(t, c, "2 4 5")
}
