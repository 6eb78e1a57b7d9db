package channels

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// historyHub keeps the channels a and b of a bus that has come to 9, and which has
// lost what was before 2.
func historyHub(t *testing.T) (*Hub, *listener) {
	h, f := fedHub(nil)
	keep(t, h, "a", "b")
	h.Advance(9)
	h.Fill("a", History{Floor: 1, Items: []Placed{placed(2, after("w", item("a", "x", "2"))), word(5, "a", "5"), placed(6, item("a", "y", "6"))}})
	h.Fill("b", History{Floor: 1, Items: []Placed{word(3, "b", "3"), placed(7, item("b", "x", "7"))}})
	return h, f
}

// whole makes a position of a mere number.
func whole(h *Hub, id string) string {
	if _, err := strconv.Atoi(id); err != nil {
		return id
	}
	return h.Epoch() + "-" + id
}

func TestAClientResumesFromAHistoryAndGoesOn(t *testing.T) {
	for _, tt := range []struct {
		name, id string
		prev     string // on channel a
		want     string
	}{
		{"by a position", "4", "", "5 6 7 10"},
		{"by the floor's position", "1", "", "2 3 5 6 7 10"},
		{"by a position below the floor", "0", "", "[evicted] [evicted] 2 3 5 6 7 10"},
		{"by an event id", "y", "", "7 10"},
		{"by an event id that both channels have", "x", "", "3 5 6 7 10"},
		{"by the id of an item", "", "x", "5 6 10"},
		{"by the id of the item before the first", "", "w", "2 5 6 10"},
		{"by an id that nobody knows", "z", "", "[unknown] 10"},
		{"by the id of an item that nobody knows", "", "z", "[unknown] 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := historyHub(t)
			f := Follow{Subscriptions: subs("a", "b"), Resume: Resume{ID: whole(h, tt.id)}}
			f.Subscriptions[0].PrevID = tt.prev
			c := followFrom(t, h, f)
			h.Deliver(word(10, "b", "10"))
			want(t, c, tt.want)
		})
	}
}

// What a client has seen on another node can be new here.
func TestAnIDThatIsNotKnownIsLookedForOnTheBus(t *testing.T) {
	prev := func(id string) []Subscription { return []Subscription{{Channel: "a", PrevID: id}, {Channel: "b"}} }
	for _, tt := range []struct {
		name   string
		follow Follow
		syncs  int
		want   string
	}{
		{"a position that comes with it", Follow{Resume: Resume{ID: "10"}}, 1, "11"},
		{"a position above what comes", Follow{Resume: Resume{ID: "12"}}, 1, "[unknown] 10 11"},
		{"a position that is known", Follow{Resume: Resume{ID: "9"}}, 0, ""},
		{"a position of another order", Follow{Resume: Resume{ID: Position{NewEpoch(), 10}.String()}}, 0, "[epoch]"},
		{"an event id that comes with it", Follow{Resume: Resume{ID: "new"}}, 1, "11"},
		{"an event id that does not", Follow{Resume: Resume{ID: "z"}}, 1, "[unknown] 10 11"},
		{"an event id that is known", Follow{Resume: Resume{ID: "y"}}, 0, "7"},
		{"an item that comes with it", Follow{Subscriptions: prev("new")}, 1, "11"},
		{"an item that is known", Follow{Subscriptions: prev("y")}, 0, ""},
		{"an item, and what does not matter", Follow{Subscriptions: prev("y")[:1], Resume: Resume{ID: "z"}}, 0, ""},
		{"what need not be known", Follow{Resume: Resume{ID: "z", Lenient: true}}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, f := historyHub(t)
			syncs := 0
			f.sync = func(_ context.Context, names []string) error {
				if syncs++; !slices.Equal(names, []string{"a", "b"}) {
					t.Errorf("the feed was asked for %v", names)
				}
				h.Deliver(placed(10, item("a", "new", "10")), word(11, "b", "11"))
				return nil
			}
			if tt.follow.Subscriptions == nil {
				tt.follow.Subscriptions = subs("a", "b")
			}
			tt.follow.Resume.ID = whole(h, tt.follow.Resume.ID)
			want(t, followFrom(t, h, tt.follow), tt.want)
			if syncs != tt.syncs {
				t.Errorf("the feed was asked %d times", syncs)
			}
		})
	}
}

func TestAFollowerWhoseIDCannotBeLookedForLetsGoOfItsChannels(t *testing.T) {
	h, f := historyHub(t)
	away := errors.New("the bus is away")
	f.sync = func(context.Context, []string) error { return away }
	_, err := h.Follow(t.Context(), Follow{Subscriptions: subs("a", "b"), Resume: Resume{ID: "z"}, Group: new(quiet)})
	if !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
	if s := h.Stats(); s.IdleChannels != 2 {
		t.Errorf("%d channels without readers", s.IdleChannels)
	}
}

// The client has seen it on the node that it comes from.
func TestWhatComesAfterAPlaceWasTakenIsNotShownAgain(t *testing.T) {
	h, _ := historyHub(t)
	h.Learn(12)
	c := resume(t, h, at(h, 12), "a", "b")
	want(t, c, "")
	h.Deliver(word(10, "a", "10"), word(12, "b", "12"), word(13, "a", "13"))
	want(t, c, "13")
	if c.Position() != h.position(13) {
		t.Errorf("the cursor is at %v", c.Position())
	}
}

func TestAStreamCanStartAheadOfWhatIsHere(t *testing.T) {
	h, _ := historyHub(t)
	h.Learn(12)
	c := follow(t, h, "a", "b")
	if c.Position() != h.position(12) {
		t.Errorf("the cursor is at %v", c.Position())
	}
	ending := func(seq uint64) Placed { return placed(seq, Ending("a")) }
	h.Deliver(word(10, "a", "10"), ending(11), word(12, "b", "12"), word(13, "b", "13"), ending(14))
	want(t, c, "13 close")
}

// Actions are for streams that were live, also where entries are not.
func TestAnActionIsNotForAStreamThatBeganLater(t *testing.T) {
	h, _ := historyHub(t)
	h.Learn(12)
	c := resume(t, h, at(h, 9), "a", "b")
	h.Deliver(word(10, "a", "10"), placed(11, Ending("a")), word(13, "a", "13"))
	want(t, c, "10 13")
}

func TestWhatTheOriginDoesNotWantReplayedIsNotGivenWhenItComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := historyHub(t)
		h.Learn(12)
		old := word(10, "a", "10")
		time.Sleep(time.Minute)
		none := followFrom(t, h, Follow{
			Subscriptions: []Subscription{{Channel: "a", NoReplay: true}, {Channel: "b"}}, Resume: Resume{ID: at(h, 9)},
		})
		recent := followFrom(t, h, Follow{
			Subscriptions: []Subscription{{Channel: "a", MaxAge: 30 * time.Second}, {Channel: "b"}}, Resume: Resume{ID: at(h, 9)},
		})
		live := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", NoReplay: true}, {Channel: "b"}}})
		h.Deliver(old, word(11, "b", "11"), word(12, "a", "12"), word(13, "a", "13"))
		want(t, none, "[evicted] 11 [evicted] 13")
		want(t, recent, "[evicted] 11 12 13")
		want(t, live, "13")
	})
}

func TestWhatAReaderHasNoUseForIsNotWithheld(t *testing.T) {
	h, _ := historyHub(t)
	h.Learn(12)
	c := followFrom(t, h, Follow{Subscriptions: []Subscription{{Channel: "a", NoReplay: true}}, Resume: Resume{ID: at(h, 9)}})
	other := word(10, "a", "")
	other.Encode = func(Position) Encoded { return Encoded{} }
	h.Deliver(other, word(13, "a", "13"))
	want(t, c, "13")
}

// Whoever may not wait has had the bus asked before.
func TestAPromptFollowerDoesNotAskTheBus(t *testing.T) {
	h, f := historyHub(t)
	f.sync = func(context.Context, []string) error { t.Error("asked"); return nil }
	s := subs("a", "b")
	s[0].PrevID = "z"
	c := followFrom(t, h, Follow{Subscriptions: s, Prompt: true})
	h.Deliver(word(10, "b", "10"))
	want(t, c, "[unknown] 10")
}
