package channels

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPositionResumesAllChannelsOfAStream(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "1")
	say(t, h, "b", "2")
	seen := h.Head().String()
	say(t, h, "b", "3")
	say(t, h, "a", "4")
	c := resume(t, h, seen, "a", "b")
	say(t, h, "b", "5")
	want(t, c, "3 4 5")
}

func TestAnEventIDResumesAllChannelsOfAStream(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "x", "1"), item("b", "", "2"), item("a", "y", "3"))
	want(t, resume(t, h, "x", "a", "b"), "2 3")
}

func TestAnIDThatTwoChannelsUsedResumesAtTheEarliest(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "x", "1"), item("b", "", "2"), item("b", "x", "3"), item("a", "", "4"))
	want(t, resume(t, h, "x", "a", "b"), "2 3 4")
	if n := h.Stats().Ambiguous; n != 1 {
		t.Errorf("%d ambiguous resumes counted", n)
	}
}

// Invariant 10: an id from elsewhere opens nothing.
func TestTheIDOfAnotherStreamGivesOnlyTheStreamsOwnChannels(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("bob", "", "old"), item("alice", "secret", "1"))
	position := h.Head().String()
	publish(t, h, item("alice", "", "2"), item("bob", "", "3"))
	want(t, resume(t, h, position, "bob"), "3")
	want(t, resume(t, h, "secret", "bob"), "[unknown]")
}

func TestWhatTheClientSaysIsNotKnown(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "1")
	for id, reason := range map[string]string{
		"nonsense":                            "[unknown]",
		Position{NewEpoch(), 1}.String():      "[epoch]",
		Position{h.Head().Epoch, 99}.String(): "[unknown]",
	} {
		c := resume(t, h, id, "a")
		_, err := c.Next(nil, 1, 1)
		var gap *Gap
		if !errors.As(err, &gap) || gap.LastID != id || gap.Lost != -1 || gap.Resume != h.Head() {
			t.Errorf("%q: %+v", id, err)
		}
		want(t, c, "")
		want(t, resume(t, h, id, "a", "b"), reason)
	}
	lenient := followFrom(t, h, Follow{Subscriptions: subs("a"), Resume: Resume{ID: "nonsense", Lenient: true}})
	want(t, lenient, "")
	if n := h.Stats().UnknownInitial; n != 1 {
		t.Errorf("%d unknown initial ids counted", n)
	}
}

func TestThereIsNoPositionBeforeAGapIsTold(t *testing.T) {
	h := testHub(func(o *Options) { o.Limits.Messages = 1 })
	publish(t, h, item("a", "", "1"), item("a", "", "2"), item("a", "", "3"))
	first := Position{h.Head().Epoch, 1}
	tests := []struct {
		name   string
		follow Follow
		want   Position // before the gap
	}{
		{"an id that nobody knows", Follow{Subscriptions: subs("a"), Resume: Resume{ID: "nonsense"}}, Position{}},
		{"an item that nobody knows", Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "nonsense"}}}, Position{}},
		{"a place that the gap lies after", Follow{Subscriptions: subs("a"), Resume: Resume{ID: first.String()}}, first},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := followFrom(t, h, tt.follow)
			if got := c.Position(); got != tt.want {
				t.Errorf("%v before the gap, want %v", got, tt.want)
			}
			_, err := c.Next(nil, 1, 1)
			var gap *Gap
			if !errors.As(err, &gap) || c.Position() != gap.Resume {
				t.Errorf("%v at %v", err, c.Position())
			}
		})
	}
}

func TestTheEntryDroppedLastStillResumesExactly(t *testing.T) {
	h := testHub(func(o *Options) { o.Limits.Messages = 2 })
	publish(t, h, item("a", "1", "1"), item("a", "2", "2"), item("a", "3", "3"), item("a", "4", "4"))
	two := Position{h.Head().Epoch, 2}.String()
	want(t, resume(t, h, "2", "a"), "3 4")
	want(t, resume(t, h, two, "a"), "3 4")
	want(t, resume(t, h, "1", "a"), "[unknown]")
	one := Position{h.Head().Epoch, 1}.String()
	want(t, resume(t, h, one, "a"), "[evicted] 3 4")
	bySequence := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "2"}}})
	want(t, bySequence, "3 4")
}

func TestAGapStandsAtItsPlaceInTheOrder(t *testing.T) {
	h := testHub(func(o *Options) { o.Overrides = []Override{{Prefix: "a", Limits: Limits{Messages: 1, Bytes: 1 << 20}}} })
	start := h.Head().String()
	say(t, h, "b", "1")
	say(t, h, "a", "2")
	say(t, h, "b", "3")
	say(t, h, "a", "4")
	say(t, h, "b", "5")
	want(t, resume(t, h, start, "a", "b"), "1 [evicted] 3 4 5")
}

func TestAChannelThatWasForgottenLeavesAFloor(t *testing.T) {
	h := testHub(func(o *Options) { o.IdleChannels = 1 }) // one per shard
	start := h.Head().String()
	say(t, h, "a", "1")
	for i := range 1000 { // pushes "a" out of its shard
		say(t, h, fmt.Sprint("other", i), "x")
	}
	if _, known := h.Channel("a"); known {
		t.Fatal("the channel is still there")
	}
	want(t, resume(t, h, start, "a"), "[evicted]")
	want(t, resume(t, h, h.Head().String(), "a"), "")
	if n := h.Stats().Evicted[EvictIdle]; n < 900 {
		t.Errorf("%d evictions counted", n)
	}
}

func TestAFollowedChannelIsNeverForgotten(t *testing.T) {
	h := testHub(func(o *Options) { o.IdleChannels = 1 })
	c := follow(t, h, "a")
	say(t, h, "a", "1")
	for i := range 1000 {
		say(t, h, fmt.Sprint("other", i), "x")
	}
	say(t, h, "a", "2")
	want(t, c, "1 2")
}

func TestThePreviousIDOfTheOriginBeatsTheClient(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "1", "1"), item("a", "2", "2"), item("b", "", "3"), item("a", "3", "4"), item("b", "", "5"))
	c := followFrom(t, h, Follow{
		Subscriptions: []Subscription{{Channel: "a", PrevID: "2"}, {Channel: "b"}},
		Resume:        Resume{ID: "3"},
	})
	want(t, c, "4 5")
	unknown := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "0"}}})
	want(t, unknown, "[unknown]")
}

func TestTheFirstItemTellsWhatPrecededIt(t *testing.T) {
	h := testHub(nil)
	publish(t, h, after("41", item("a", "42", "42")))
	c := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "41"}}})
	want(t, c, "42")
}

func TestTheOriginBoundsWhatIsReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		start := h.Head().String()
		say(t, h, "a", "1", "2")
		time.Sleep(time.Minute)
		say(t, h, "a", "3")
		recent := followFrom(t, h, Follow{
			Subscriptions: []Subscription{{Channel: "a", MaxAge: 30 * time.Second}}, Resume: Resume{ID: start},
		})
		_, err := recent.Next(nil, 1, 1)
		var gap *Gap
		if !errors.As(err, &gap) || gap.Reason != Evicted || gap.Lost != 2 {
			t.Errorf("error %+v", err)
		}
		want(t, recent, "3")
		none := followFrom(t, h, Follow{
			Subscriptions: []Subscription{{Channel: "a", NoReplay: true}}, Resume: Resume{ID: start},
		})
		say(t, h, "a", "4")
		want(t, none, "[evicted] 4")
		nothingMissed := followFrom(t, h, Follow{
			Subscriptions: []Subscription{{Channel: "a", NoReplay: true}}, Resume: Resume{ID: h.Head().String()},
		})
		want(t, nothingMissed, "")
	})
}

func TestAGapAtTheVeryBeginningIsTold(t *testing.T) {
	h := testHub(nil)
	c := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "of another life"}, {Channel: "b"}}})
	say(t, h, "a", "1")
	say(t, h, "b", "2")
	want(t, c, "[unknown] 1 2")
}

func TestAGapIsToldAfterWhatOtherChannelsHaveUpToItsPlace(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("b", "x", "1"), item("b", "", "2"))
	known, unknown := Subscription{Channel: "b", PrevID: "x"}, Subscription{Channel: "a", PrevID: "nonsense"}
	for name, subscriptions := range map[string][]Subscription{
		"before": {unknown, known},
		"behind": {known, unknown},
	} {
		c := followFrom(t, h, Follow{Subscriptions: subscriptions})
		entries, err := c.Next(nil, 3, 1<<20)
		if len(entries) != 1 || err != nil {
			t.Errorf("%s: %d entries, %v before the gap", name, len(entries), err)
			continue
		}
		want(t, c, "[unknown]")
	}
	mixed := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a"}, known}, Resume: Resume{ID: "nonsense"}})
	want(t, mixed, "2 [unknown]")
}

func TestWhatTheClientSaysDoesNotMatterWhereTheOriginKnowsBetter(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("a", "x", "1"), item("a", "", "2"))
	c := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "x"}}, Resume: Resume{ID: "nonsense"}})
	want(t, c, "2")
}
