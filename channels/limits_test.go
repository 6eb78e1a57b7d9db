package channels

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func retained(t *testing.T, h *Hub, channel string) int {
	t.Helper()
	info, _ := h.Channel(channel)
	return info.Entries
}

func TestALogIsBoundedByCountBytesAndAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(func(o *Options) {
			o.Limits = Limits{Messages: 3, Bytes: 100, Age: time.Minute}
		})
		say(t, h, "a", "1", "2", "3", "4")
		if n := retained(t, h, "a"); n != 3 {
			t.Errorf("%d entries by count", n)
		}
		say(t, h, "a", strings.Repeat("x", 99))
		if n := retained(t, h, "a"); n != 2 {
			t.Errorf("%d entries by bytes", n)
		}
		ctx, stop := context.WithCancel(t.Context())
		go h.Run(ctx)
		time.Sleep(2 * time.Minute)
		stop()
		synctest.Wait()
		if n := retained(t, h, "a"); n != 0 {
			t.Errorf("%d entries by age", n)
		}
		s := h.Stats()
		if s.Evicted[EvictCount] != 2 || s.Evicted[EvictBytes] != 1 || s.Evicted[EvictAge] != 2 {
			t.Errorf("evictions %v", s.Evicted)
		}
	})
}

func TestWhatIsTooOldIsNotReplayedEvenBeforeTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		start := h.Head().String()
		say(t, h, "a", "1")
		time.Sleep(11 * time.Minute)
		want(t, resume(t, h, start, "a"), "[evicted]")
	})
}

func TestALiveCursorMayLagByTheSendWindow(t *testing.T) {
	h := testHub(func(o *Options) {
		o.Limits = Limits{Messages: 0, WindowMessages: 3, WindowBytes: 10}
	})
	start := h.Head().String()
	c := follow(t, h, "a")
	say(t, h, "a", "1", "2", "3", "4", "5") // more than 3 messages, not more than 10 bytes
	want(t, resume(t, h, start, "a"), "1 2 3 4 5")
	want(t, c, "1 2 3 4 5")
	if n := retained(t, h, "a"); n != 0 {
		t.Errorf("%d entries kept that nobody needs", n)
	}
	say(t, h, "a", "12345", "6", "7", "12345", "8")
	_, err := c.Next(nil, 9, 99)
	var gap *Gap
	if !errors.As(err, &gap) || gap.Reason != Lag || gap.Lost != 1 {
		t.Errorf("error %+v", err)
	}
	want(t, c, "6 7 12345 8")
}

func TestACursorThatLeavesLetsGoOfWhatItNeeded(t *testing.T) {
	h := testHub(func(o *Options) { o.Limits = Limits{WindowMessages: 3, WindowBytes: 10} })
	slow, fast := follow(t, h, "a"), follow(t, h, "a")
	say(t, h, "a", "1", "2")
	want(t, fast, "1 2")
	if n := retained(t, h, "a"); n != 2 {
		t.Errorf("%d entries for a slow cursor", n)
	}
	slow.Close()
	if n := retained(t, h, "a"); n != 0 {
		t.Errorf("%d entries for nobody", n)
	}
}

func TestOverridesGoByTheLongestPrefix(t *testing.T) {
	h := testHub(func(o *Options) {
		o.Overrides = []Override{
			{Prefix: "user-", Limits: Limits{Messages: 2, Bytes: 100}},
			{Prefix: "user-vip-", Limits: Limits{Messages: 3, Bytes: 100}},
		}
	})
	for channel, n := range map[string]int{"news": 4, "user-1": 2, "user-vip-1": 3} {
		say(t, h, channel, "1", "2", "3", "4")
		if got := retained(t, h, channel); got != n {
			t.Errorf("%s: %d entries, want %d", channel, got, n)
		}
	}
}

func TestUnderTheMemoryLimitIdleChannelsGoFirst(t *testing.T) {
	h := testHub(func(o *Options) { o.MemoryLimit = 200 << 10 })
	c := follow(t, h, "quiet")
	say(t, h, "quiet", "mine")
	for i := range 300 {
		say(t, h, fmt.Sprint("idle", i), strings.Repeat("x", 1000))
	}
	s := h.Stats()
	if s.MemoryBytes > 200<<10 || s.Evicted[EvictMemory] == 0 {
		t.Errorf("%d bytes, evictions %v", s.MemoryBytes, s.Evicted)
	}
	want(t, c, "mine")
}

func TestUnderTheMemoryLimitOneLoudChannelDoesNotEmptyTheOthers(t *testing.T) {
	h := testHub(func(o *Options) {
		o.MemoryLimit = 200 << 10
		o.Limits.Bytes = 10 << 20
	})
	start := h.Head().String()
	follow(t, h, "loud")
	follow(t, h, "quiet")
	say(t, h, "quiet", "a", "b", "c")
	for range 500 {
		say(t, h, "loud", strings.Repeat("x", 1000))
	}
	if m := h.Stats().MemoryBytes; m > 200<<10 {
		t.Errorf("%d bytes", m)
	}
	want(t, resume(t, h, start, "quiet"), "a b c")
	if n := retained(t, h, "loud"); n < 50 {
		t.Errorf("the loud channel keeps only %d entries", n)
	}
}

func TestParkedItemsAreUnderTheMemoryLimit(t *testing.T) {
	h := testHub(func(o *Options) { o.MemoryLimit = 100 << 10 })
	for i := range 20 {
		ch := fmt.Sprint("c", i)
		publish(t, h, item(ch, "1", "1"), after("8", item(ch, "9", strings.Repeat("x", 10<<10))))
	}
	if s := h.Stats(); s.MemoryBytes > 100<<10 || s.Evicted[EvictMemory] == 0 {
		t.Errorf("%d bytes, %d parked", s.MemoryBytes, s.ParkedNow)
	}
}

func TestMemoryIsGivenBack(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	c.Close()
	if m := h.Stats().MemoryBytes; m != 0 {
		t.Errorf("%d bytes are charged for nothing", m)
	}
}

func TestWaterLevel(t *testing.T) {
	for _, c := range []struct {
		costs  []int64
		target int64
		level  int64
	}{
		{[]int64{10, 1, 1}, 12, 1 << 62},
		{[]int64{10, 1, 1}, 8, 6},
		{[]int64{10, 10, 1}, 9, 4},
		{[]int64{5, 5}, 0, 0},
		{nil, 5, 1 << 62},
	} {
		if got := waterLevel(c.costs, c.target); got != c.level {
			t.Errorf("waterLevel(%v, %d) = %d, want %d", c.costs, c.target, got, c.level)
		}
	}
}

// What could not be freed is free when its readers are gone, and the limit holds
// again.
func TestALimitThatCouldNotBeReachedIsEnforcedWhenItCan(t *testing.T) {
	const limit = 32 << 10
	h := testHub(func(o *Options) { o.MemoryLimit = limit })
	var readers []*Cursor
	for i := range 500 {
		readers = append(readers, follow(t, h, fmt.Sprint("c", i)))
	}
	say(t, h, "a", "1")
	for _, c := range readers {
		c.Close()
	}
	for range 100 {
		say(t, h, "a", strings.Repeat("x", 1000))
	}
	if m := h.Stats().MemoryBytes; m > limit {
		t.Errorf("%d bytes", m)
	}
}

// A limit that channels with readers exceed by their mere number must not make
// every publish walk over all of them, nor take what is published at once.
func TestALimitThatCannotBeReachedIsNotEnforcedAllTheTime(t *testing.T) {
	h := testHub(func(o *Options) { o.MemoryLimit = 32 << 10 })
	for i := range 500 {
		follow(t, h, fmt.Sprint("c", i))
	}
	if m := h.Stats().MemoryBytes; m < 64<<10 {
		t.Fatalf("only %d bytes: the limit can be reached", m)
	}
	c := follow(t, h, "a")
	say(t, h, "a", "1") // drops itself
	say(t, h, "a", "2", "3", "4")
	if n := retained(t, h, "a"); n != 3 {
		t.Errorf("%d entries kept", n)
	}
	want(t, c, "[lag] 2 3 4")
}
