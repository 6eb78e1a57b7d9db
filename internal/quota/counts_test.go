package quota

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

func TestAKeyHasNoMoreThanItMay(t *testing.T) {
	c := New[string](2)
	for i, want := range []bool{true, true, false, false} {
		if got := c.Take("a"); got != want {
			t.Errorf("take %d: %v", i+1, got)
		}
	}
	if !c.Full("a") {
		t.Error("there is room for more")
	}
	if !c.Take("b") || c.Full("b") {
		t.Error("b has what a has")
	}
	c.Give("a")
	if c.Full("a") || !c.Take("a") || c.Take("a") {
		t.Error("what a gives back cannot be taken again")
	}
}

func TestWhatIsAddedCountsBeyondTheLimit(t *testing.T) {
	c := New[string](1)
	for range 3 {
		c.Add("a")
	}
	c.Give("a")
	if c.Take("a") {
		t.Error("2 of 1 are held, and another was let in")
	}
	c.Give("a")
	c.Give("a")
	if !c.Take("a") {
		t.Error("nothing is held, and nothing was let in")
	}
}

func TestAnotherLimitHoldsForWhatIsCounted(t *testing.T) {
	c := New[string](3)
	c.Add("a")
	c.Add("a")
	if is := c.Limited(2); is != c || is.Take("a") || !c.Full("a") {
		t.Error("two are held, and two may be: another was let in")
	}
	if c.Limited(0) != nil {
		t.Error("no limit counts")
	}
	if is := (*Counts[string])(nil).Limited(1); is == nil || !is.Take("a") || is.Take("a") {
		t.Error("the first limit does not hold")
	}
}

func TestNoLimitCountsNothing(t *testing.T) {
	c := New[string](0)
	if c != nil {
		t.Fatal("a limit of 0 counts")
	}
	c.Add("a")
	if !c.Take("a") || c.Full("a") {
		t.Error("it refuses")
	}
	c.Give("a")
	c.Give("a")
}

func TestGivingBackTooMuchIsNoticed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("nobody noticed")
		}
	}()
	New[string](1).Give("a")
}

// kept is how many keys have a count, and how many the maps have had room for.
func (c *Counts[K]) kept() (keys, room int) {
	for i := range c.shards {
		s := &c.shards[i]
		keys += len(s.held)
		room += s.most
	}
	return keys, room
}

func TestWhatIsKeptIsBoundedByWhatIsHeld(t *testing.T) {
	const many = 100_000
	c := New[string](1)
	for i := range many {
		c.Take(strconv.Itoa(i))
	}
	if keys, _ := c.kept(); keys != many {
		t.Fatalf("%d keys are kept of %d", keys, many)
	}
	for i := range many {
		c.Give(strconv.Itoa(i))
	}
	if keys, room := c.kept(); keys != 0 || room >= shards*worthwhile {
		t.Errorf("%d keys are kept, with room for %d", keys, room)
	}
}

func TestTakingFromManyGoroutinesKeepsTheLimit(t *testing.T) {
	const limit, clients, rounds = 5, 16, 500
	c := New[int](limit)
	var mu sync.Mutex
	held := map[int]int{}
	hold := func(k, n int) {
		mu.Lock()
		defer mu.Unlock()
		if held[k] += n; held[k] > limit {
			t.Errorf("%d holds %d", k, held[k])
		}
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range rounds {
				if k := rand.IntN(3); c.Take(k) {
					hold(k, 1)
					hold(k, -1)
					c.Give(k)
				}
			}
		})
	}
	all.Wait()
	if keys, _ := c.kept(); keys != 0 {
		t.Errorf("%d keys are left", keys)
	}
}

func TestCountingAKnownKeyAllocatesNothing(t *testing.T) {
	c := New[string](10)
	c.Take("a")
	if n := testing.AllocsPerRun(100, func() { c.Take("a"); c.Give("a") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
