package channels

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// text is the form that the tests use.
const text Form = 0

// item makes an item whose only form is data, with an event id if id is set.
func item(channel, id, data string) Item {
	return Item{Channel: channel, ID: id, Size: len(data), Encode: func(Position) Encoded {
		buf := append([]byte(id), data...)
		enc := Encoded{ItemID: Span{0, uint32(len(id))}}
		enc.Forms[text] = Span{uint32(len(id)), uint32(len(data))}
		if id != "" {
			from := len(buf)
			buf = AppendID(buf, id)
			enc.IDs = Span{uint32(from), uint32(len(buf) - from)}
		}
		enc.Buf = buf
		return enc
	}}
}

func after(prevID string, it Item) Item {
	it.PrevID = prevID
	return it
}

// wakes is a group that counts.
type wakes struct{ n int }

func (w *wakes) Wake(*Log) { w.n++ }

func publish(t testing.TB, h *Hub, items ...Item) []Result {
	t.Helper()
	results, err := h.Publish(context.Background(), items...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// say publishes words to a channel, each an item without an id.
func say(t testing.TB, h *Hub, channel string, words ...string) {
	t.Helper()
	for _, w := range words {
		publish(t, h, item(channel, "", w))
	}
}

func subs(channels ...string) []Subscription {
	var s []Subscription
	for _, c := range channels {
		s = append(s, Subscription{Channel: c})
	}
	return s
}

// follow follows from now on.
func follow(t testing.TB, h *Hub, channels ...string) *Cursor {
	t.Helper()
	return followFrom(t, h, Follow{Subscriptions: subs(channels...)})
}

// resume follows from what the client has seen last.
func resume(t testing.TB, h *Hub, id string, channels ...string) *Cursor {
	t.Helper()
	return followFrom(t, h, Follow{Subscriptions: subs(channels...), Resume: Resume{ID: id}})
}

func followFrom(t testing.TB, h *Hub, f Follow) *Cursor {
	t.Helper()
	if f.Live == 0 {
		f.Live = h.Head().Seq
	}
	if f.Group == nil {
		f.Group = new(wakes)
	}
	c, err := h.Follow(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// read returns all that a cursor has, as words; a gap is its reason in
// brackets.
func read(t testing.TB, c *Cursor) string {
	t.Helper()
	var words []string
	for {
		entries, err := c.Next(nil, 3, 1<<20)
		var gap *Gap
		switch {
		case errors.As(err, &gap):
			words = append(words, "["+string(gap.Reason)+"]")
			continue
		case err != nil:
			t.Fatal(err)
		case len(entries) == 0:
			return strings.Join(words, " ")
		}
		for i := range entries {
			word := string(entries[i].Bytes(text))
			if entries[i].Action(text) == Close {
				word = "close"
			}
			words = append(words, word)
		}
	}
}

func want(t testing.TB, c *Cursor, words string) {
	t.Helper()
	if got := read(t, c); got != words {
		t.Errorf("read %q, want %q", got, words)
	}
}

func testHub(change func(*Options)) *Hub {
	o := DefaultOptions()
	if change != nil {
		change(&o)
	}
	return NewHub(o)
}
