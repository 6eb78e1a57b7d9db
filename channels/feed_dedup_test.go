package channels

import (
	"fmt"
	"testing"
	"time"
)

// repeats are items with the same id that the bus has taken 40 seconds apart:
// every second is a repetition.
func repeats(channel string, from time.Time) (items []Placed) {
	for i := range 6 {
		it := placed(uint64(1+i), item(channel, "x", fmt.Sprint(1+i)))
		it.At = from.Add(time.Duration(i) * 40 * time.Second)
		items = append(items, it)
	}
	return items
}

func TestTheBusMayBringAnIDAgain(t *testing.T) {
	for name, from := range map[string]time.Time{
		"at once":             time.Now(),
		"after an hour":       time.Now().Add(-time.Hour),
		"by a clock in front": time.Now().Add(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := fedHub(func(o *Options) { o.Limits.Age = 0 })
			fill(t, h, 0, "live")
			h.Deliver(repeats("live", from)...)
			want(t, resume(t, h, at(h, 0), "live"), "1 3 5")
			keep(t, h, "filled")
			h.Fill("filled", History{Items: repeats("filled", from)})
			want(t, resume(t, h, at(h, 0), "filled"), "1 3 5")
			if n := h.Stats().Duplicates; n != 6 {
				t.Errorf("%d duplicates counted", n)
			}
		})
	}
}

func TestTheSameIDOnAnotherChannelIsNoRepetition(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a", "b")
	c := follow(t, h, "a", "b")
	h.Deliver(placed(1, item("a", "x", "1")), placed(2, item("b", "x", "2")))
	want(t, c, "1 2")
}

func TestAChannelThatIsFilledAgainHasItsWholeHistory(t *testing.T) {
	h, f := fedHub(func(o *Options) { o.IdleChannels = 1; o.Limits.Age = 0 })
	fill(t, h, 0, "a")
	history := repeats("a", time.Now())
	h.Deliver(history...)
	keep(t, h, neighbour(h, "a"))
	if kept(h, "a") {
		t.Fatalf("the channel was not forgotten; the feed knows of %v", f.keeps())
	}
	keep(t, h, "a")
	h.Fill("a", History{Items: history})
	want(t, resume(t, h, at(h, 0), "a"), "1 3 5")
	seven := placed(7, item("a", "x", "7"))
	seven.At = history[4].At.Add(59 * time.Second)
	h.Deliver(seven)
	want(t, resume(t, h, at(h, 6), "a"), "")
}

func TestANewOrderKnowsNoIDs(t *testing.T) {
	h, _ := fedHub(nil)
	fill(t, h, 0, "a")
	h.Deliver(placed(1, item("a", "x", "old")))
	h.Restart(NewEpoch())
	fill(t, h, 0, "a")
	h.Deliver(placed(2, item("a", "x", "new")))
	want(t, resume(t, h, at(h, 0), "a"), "new")
}
