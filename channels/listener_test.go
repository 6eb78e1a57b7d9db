package channels

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

// listener is a feed that remembers what it was told, and checks it.
type listener struct {
	sync   func(ctx context.Context, channels []string) error
	onWant func(channel string)

	mu       sync.Mutex
	kept     map[string]bool
	wanted   []string // in order, each time
	problems []string
}

func (f *listener) Want(channel string) { f.turn(channel, true) }
func (f *listener) Drop(channel string) { f.turn(channel, false) }

func (f *listener) turn(channel string, kept bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept[channel] == kept {
		f.problems = append(f.problems, channel)
	}
	f.kept[channel] = kept
	if kept {
		f.wanted = append(f.wanted, channel)
		if f.onWant != nil {
			f.onWant(channel)
		}
	}
}

func (f *listener) Sync(ctx context.Context, channels ...string) error {
	if f.sync == nil {
		return nil
	}
	return f.sync(ctx, channels)
}

// told is what the feed was told to want, since told was called last.
func (f *listener) told() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	told := f.wanted
	f.wanted = nil
	return told
}

func (f *listener) keeps() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, kept := range f.kept {
		if kept {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// fedHub returns a hub and its feed, which does nothing by itself.
func fedHub(change func(*Options)) (*Hub, *listener) {
	f := &listener{kept: make(map[string]bool)}
	return testHub(func(o *Options) {
		o.Feed = f
		if change != nil {
			change(o)
		}
	}), f
}

// placed is an item of the bus.
func placed(seq uint64, it Item) Placed { return Placed{Item: it, Seq: seq, At: time.Now()} }

// word is an item without an id.
func word(seq uint64, channel, data string) Placed { return placed(seq, item(channel, "", data)) }

// fill gives channels that nobody has wanted yet, and which are empty, to a hub
// whose bus has come to seq.
func fill(t testing.TB, h *Hub, seq uint64, names ...string) {
	t.Helper()
	keep(t, h, names...)
	h.Advance(seq)
	for _, name := range names {
		h.Fill(name, History{})
	}
}

// keep has the hub keep channels that nobody follows.
func keep(t testing.TB, h *Hub, names ...string) {
	t.Helper()
	for _, name := range names {
		s := h.shard(name)
		s.release(s.acquire(name, true))
	}
}

// kept reports whether the hub keeps a channel.
func kept(h *Hub, name string) bool {
	_, known := h.Channel(name)
	return known
}

// at is a written position of the hub's order.
func at(h *Hub, seq uint64) string { return h.position(seq).String() }
