package channels

import (
	"runtime"
	"strings"
	"testing"
)

// Invariant: one order, over all channels of a stream. A read that has found
// nothing in its first log must not take from the last what was published after
// something that the first has got meanwhile.
func TestWhatIsPublishedBetweenTwoLooksOfAReadWaitsForTheNext(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "first", "middle", "last")
	middle := c.legs[1].log
	middle.mu.Lock()
	got := make(chan string)
	go func() { got <- read(t, c) }()
	waitForLock("(*leg).peek")
	say(t, h, "first", "1")
	say(t, h, "last", "2")
	middle.mu.Unlock()
	if early := <-got; early != "" {
		t.Errorf("the read that was under way got %q", early)
	}
	want(t, c, "1 2")
}

// waitForLock returns when a goroutine waits for a mutex in function.
func waitForLock(function string) {
	stacks := make([]byte, 1<<20)
	for {
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(stack, "[sync.Mutex.Lock") && strings.Contains(stack, function) {
				return
			}
		}
		runtime.Gosched()
	}
}
