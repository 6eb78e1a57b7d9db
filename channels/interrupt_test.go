package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestAnInterruptionIsToldAtItsPlace(t *testing.T) {
	h := testHub(nil)
	woken := new(wakes)
	held := followFrom(t, h, Follow{Subscriptions: subs("a", "b"), Group: woken})
	other := follow(t, h, "c")
	say(t, h, "a", "1")
	before := h.Head().String()
	say(t, h, "b", "2")
	if !h.Interrupt() {
		t.Error("somebody follows")
	}
	if woken.n != 4 {
		t.Errorf("woken %d times", woken.n)
	}
	after := h.Head().String()
	say(t, h, "a", "3")
	want(t, held, "1 2 [bus] 3")
	want(t, other, "[bus]")
	tests := []struct{ name, id, channel, want string }{
		{"from before it", before, "b", "2 [bus]"},
		{"from before it, by an id that is no position", "", "b", ""},
		{"from before it, to a channel that nobody knows", before, "new", "[bus]"},
		{"from its own place", after, "a", "3"},
		{"from nowhere", "", "a", ""},
		{"from an id that nobody knows", "nonsense", "a", "[unknown]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { want(t, resume(t, h, tt.id, tt.channel), tt.want) })
	}
}

func TestAGapOfAnInterruptionSaysWhereToGoOn(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	h.Interrupt()
	place := h.Head()
	_, err := c.Next(nil, 1, 1)
	var gap *Gap
	if !errors.As(err, &gap) || *gap != (Gap{Reason: Bus, Lost: -1, Resume: place}) || c.Position() != place {
		t.Errorf("%+v at %v", err, c.Position())
	}
}

func TestAnInterruptionWhileNobodyReads(t *testing.T) {
	h := testHub(func(o *Options) { o.IdleChannels = 1 })
	if h.Interrupt() {
		t.Error("there is nobody")
	}
	publish(t, h, item("a", "x", "1"))
	seen := h.Head().String()
	if !h.Interrupt() {
		t.Error("somebody can come back")
	}
	for _, id := range []string{seen, "x"} {
		c := resume(t, h, id, "a")
		want(t, c, "[bus]")
		c.Close()
	}
	for i := range 10 * numShards { // until a is forgotten
		say(t, h, fmt.Sprint("other", i), "1")
	}
	if _, known := h.Channel("a"); known {
		t.Fatal("the channel is not forgotten")
	}
	want(t, resume(t, h, seen, "a"), "[bus] [evicted]")
}

func TestTwoInterruptions(t *testing.T) {
	h := testHub(nil)
	held := follow(t, h, "a")
	say(t, h, "a", "1")
	first := h.Head().String()
	h.Interrupt()
	say(t, h, "a", "2")
	second := h.Head().String()
	h.Interrupt()
	h.Interrupt()
	say(t, h, "a", "3")
	want(t, held, "1 [bus] 2 [bus] [bus] 3")
	want(t, resume(t, h, first, "a"), "[bus] 2 [bus] [bus] 3")
	want(t, resume(t, h, second, "a"), "[bus] [bus] 3")
}

// It is told late rather than never.
func TestMoreInterruptionsThanAreRemembered(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "1")
	seen := h.Head().String()
	h.Interrupt()
	say(t, h, "a", "2")
	for range maxInterruptions {
		h.Interrupt()
	}
	c := resume(t, h, seen, "a")
	entries, err := c.Next(nil, 10, 1<<20)
	if len(entries) != 1 || err != nil {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for range maxInterruptions {
		if _, err := c.Next(nil, 10, 1<<20); err == nil {
			t.Fatal("an interruption is not told")
		}
	}
	want(t, c, "")
}

// The origin has said where one channel goes on: that is before the interruption,
// and the other channel starts after it.
func TestAnInterruptionThatOneChannelOfAStreamCameBefore(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "x", "1"))
	h.Interrupt()
	say(t, h, "b", "2")
	c := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "x"}, {Channel: "b"}}})
	want(t, c, "[bus]")
	unknown := followFrom(t, h, Follow{
		Subscriptions: []Subscription{{Channel: "a", PrevID: "x"}, {Channel: "b"}}, Resume: Resume{ID: "nonsense"},
	})
	want(t, unknown, "[bus] [unknown]")
}

func TestAnInterruptionBetweenTheOriginsAnswerAndTheStream(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "1")
	live := h.Head().Seq
	h.Interrupt()
	want(t, followFrom(t, h, Follow{Subscriptions: subs("a"), Live: live}), "[bus]")
}

// A reader that has fallen behind is told of both, in their order.
func TestAnInterruptionBeforeTheEndOfTheSendWindow(t *testing.T) {
	h := testHub(func(o *Options) { o.Limits = Limits{Messages: 2, Bytes: 1 << 20, WindowMessages: 2, WindowBytes: 1} })
	c := follow(t, h, "a")
	say(t, h, "a", "1")
	h.Interrupt()
	say(t, h, "a", "2", "3", "4", "5")
	want(t, c, "[bus] [lag] 4 5")
}

// No reader may see what came after an interruption before it is told of it.
func TestReadersThatRaceWithInterruptions(t *testing.T) {
	const rounds = 1000
	h := testHub(func(o *Options) { o.Limits = Limits{Messages: 50, Bytes: 1 << 20, WindowMessages: 50, WindowBytes: 1} })
	var readers sync.WaitGroup
	heard := [2]chan struct{}{}
	for r := range heard {
		heard[r] = make(chan struct{}, rounds)
		c := follow(t, h, []string{"a", "b"}[:1+r]...)
		readers.Go(func() {
			for told := 0; told < rounds; {
				entries, err := c.Next(nil, 7, 1<<20)
				if gap := (*Gap)(nil); errors.As(err, &gap) && gap.Reason == Bus {
					told++
					heard[r] <- struct{}{}
				}
				for i := range entries {
					if got := string(entries[i].Bytes(text)); got != fmt.Sprint(told) {
						t.Errorf("read %s, told of %d", got, told)
						return
					}
				}
			}
		})
	}
	for i := range rounds {
		for _, channel := range []string{"a", "b"} {
			if _, err := h.Publish(context.Background(), item(channel, "", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		}
		h.Interrupt()
		for r := range heard { // one that is forgotten would be told late
			if i >= maxInterruptions/2 {
				<-heard[r]
			}
		}
	}
	readers.Wait()
}

func TestAReadThatAnInterruptionOvertakesTakesNothingAfterIt(t *testing.T) {
	h := testHub(nil)
	c := follow(t, h, "a")
	b := batch{cursor: c, known: h.interrupted.Load(), entries: 10, bytes: 1 << 20}
	h.Interrupt()
	say(t, h, "a", "1")
	if b.read(&c.legs[0], 1<<64-1); b.taken != 0 {
		t.Errorf("%d entries taken", b.taken)
	}
	want(t, c, "[bus] 1")
}
