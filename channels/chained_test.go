package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// chain publishes an item with an id that follows another, in all forms or in form
// 1 alone.
func chain(t *testing.T, h *Hub, channel, id, prev string, elsewhere bool) {
	t.Helper()
	it := Item{Channel: channel, ID: id, PrevID: prev, NoSeq: true, Encode: func(Position) Encoded {
		buf := []byte(id + prev)
		n, m := uint32(len(id)), uint32(len(prev))
		e := Encoded{Buf: buf, ItemID: Span{0, n}, PrevID: Span{n, m}}
		e.Forms[1] = Span{0, n}
		if !elsewhere {
			e.Forms[0] = Span{0, n}
		}
		return e
	}}
	if _, err := h.Publish(t.Context(), it); err != nil {
		t.Fatal(err)
	}
}

// act publishes an action.
func act(t *testing.T, h *Hub, channel string, a Action) {
	t.Helper()
	it := Item{Channel: channel, Actions: [NumForms]Action{a, a, a}, Encode: func(Position) Encoded { return Encoded{} }}
	if _, err := h.Publish(t.Context(), it); err != nil {
		t.Fatal(err)
	}
}

// told reads everything: entries as their subscription and bytes, actions, gaps.
func told(t *testing.T, h *Hub, f Follow) (all []string) {
	t.Helper()
	f.Group = nobody{}
	c, err := h.Follow(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		entries, err := c.Next(nil, 10, 1000)
		var gap *Gap
		switch {
		case errors.As(err, &gap):
			all = append(all, string(gap.Reason)+" on "+gap.Channel)
			continue
		case err != nil:
			t.Fatal(err)
		case len(entries) == 0:
			return all
		}
		for i := range entries {
			e := &entries[i]
			text := fmt.Sprintf("%d:%s", e.Subscription(), e.Bytes(0))
			if e.Action(0) != Send {
				text = fmt.Sprintf("%d:action", e.Subscription())
			}
			if c.PassedOver(e) {
				text += " after another form"
			}
			all = append(all, text)
		}
	}
}

type nobody struct{}

func (nobody) Wake(*Log) {}

func TestChainedReadersGoOnWhereTheyAreTold(t *testing.T) {
	h := NewHub(DefaultOptions())
	defer h.Close()
	chain(t, h, "a", "1", "", false) // 1
	chain(t, h, "a", "2", "1", false)
	chain(t, h, "b", "x", "", false) // 3
	chain(t, h, "a", "3", "2", true)
	chain(t, h, "a", "5", "3", false) // 5
	act(t, h, "b", Close)             // 6
	chain(t, h, "a", "7", "6", false)
	one := func(s ...Subscription) []Subscription { return s }
	for _, c := range []struct {
		name string
		f    Follow
		want []string
	}{
		{"entries tell by which subscription they came, actions from before are not told",
			Follow{Subscriptions: one(Subscription{Channel: "b"}, Subscription{Channel: "a", PrevID: "1"}), Live: 7, Chained: true},
			[]string{"1:2", "1:5 after another form", "1:7"}},
		{"without Chained an item that follows nothing is told",
			Follow{Subscriptions: one(Subscription{Channel: "a", PrevID: "5"}), Live: 7},
			[]string{"0:7"}},
		{"an unknown id is a gap where the log knows others",
			Follow{Subscriptions: one(Subscription{Channel: "a", PrevID: "9"}), Live: 5, Chained: true},
			[]string{"unknown on a", "0:7"}},
		{"but not to who trusts",
			Follow{Subscriptions: one(Subscription{Channel: "a", PrevID: "9"}), Live: 5, Trusting: true},
			[]string{"0:7"}},
		{"nor where nothing contradicts it",
			Follow{Subscriptions: one(Subscription{Channel: "new", PrevID: "9"}), Live: 7, Chained: true}, nil},
		{"what is past does not come again",
			Follow{Subscriptions: one(Subscription{Channel: "a", PrevID: "1", Past: 2}), Live: 7, Chained: true},
			[]string{"0:5 after another form", "0:7"}},
		{"one that was held gets the actions since, and what it has not read where it continues",
			Follow{Subscriptions: one(Subscription{Channel: "b", Held: true}, Subscription{Channel: "a", Held: true, Continues: true}), Live: 7,
				Continued: &Continued{Place: 4}},
			[]string{"1:5", "0:action", "1:7"}},
		{"but no actions that it has had",
			Follow{Subscriptions: one(Subscription{Channel: "b", Held: true, Continues: true}), Live: 7, Continued: &Continued{Place: 6}}, nil},
	} {
		if got := told(t, h, c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnInterruptionThatWasToldIsNotToldAgain(t *testing.T) {
	h := NewHub(DefaultOptions())
	defer h.Close()
	chain(t, h, "a", "1", "", false)
	h.Interrupt() // 2
	f := Follow{Subscriptions: []Subscription{{Channel: "a", PrevID: "1"}}, Live: 2, Chained: true}
	if got := told(t, h, f); !slices.Equal(got, []string{"bus on "}) {
		t.Errorf("a new reader is told %q", got)
	}
	f.Continued = &Continued{Place: 2}
	if got := told(t, h, f); len(got) > 0 {
		t.Errorf("one that has been told is told %q", got)
	}
}

// TestACursorThatGoesOnStandsWhereTheLastOneStood, also if that has read beyond Live
// since: its own successor, made before it reads, would otherwise repeat entries.
func TestACursorThatGoesOnStandsWhereTheLastOneStood(t *testing.T) {
	h := NewHub(DefaultOptions())
	defer h.Close()
	for _, id := range []string{"1", "2", "3"} {
		chain(t, h, "a", id, "", false)
	}
	c, err := h.Follow(t.Context(), Follow{
		Subscriptions: []Subscription{{Channel: "a", Held: true, Continues: true}}, Live: 1, Group: nobody{}, Continued: &Continued{Place: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Place(); got != 3 {
		t.Errorf("it stands at %d, want 3", got)
	}
}
