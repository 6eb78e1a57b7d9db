package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestAClientCutAtRandomMissesNothing publishes to two channels from several
// goroutines while clients that follow both are cut after every few entries
// and come back with the position they saw last. Invariant: a position may be
// shown at once, since nothing smaller is appended later.
func TestAClientCutAtRandomMissesNothing(t *testing.T) {
	const publishers, items, clients = 4, 2000, 4
	h := testHub(func(o *Options) { o.Limits.Messages = publishers * items; o.Limits.Bytes = 1 << 30 })
	var publishing, reading sync.WaitGroup
	start := h.Head().String()
	for p := range publishers {
		publishing.Go(func() {
			for i := range items {
				it := item([]string{"a", "b"}[(p+i)%2], "", fmt.Sprint(p, "-", i))
				if _, err := h.Publish(context.Background(), it); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for k := range clients {
		reading.Go(func() { cutClient(t, h, start, publishers*items, k+1) })
	}
	publishing.Wait()
	reading.Wait()
}

func cutClient(t *testing.T, h *Hub, last string, total, batch int) {
	seen := make(map[string]bool)
	for len(seen) < total {
		c, err := h.Follow(context.Background(), Follow{Subscriptions: subs("a", "b"), Live: h.Head().Seq, Resume: Resume{ID: last}, Group: new(quiet)})
		if err != nil {
			t.Error(err)
			return
		}
		entries, err := c.Next(nil, batch, 1<<20)
		c.Close()
		if gap := new(Gap); errors.As(err, &gap) || err != nil {
			t.Errorf("error %v", err)
			return
		}
		for i := range entries {
			word := string(entries[i].Bytes(text))
			if seen[word] {
				t.Errorf("%s came twice", word)
				return
			}
			seen[word] = true
			last = h.position(entries[i].Seq()).String()
		}
	}
}

// quiet is a group that may be woken from anywhere.
type quiet struct{ _ byte }

func (*quiet) Wake(*Log) {}

// TestFollowingAndForgettingMayCoincide has channels appear, be followed,
// published to and pushed out from several goroutines at once; a live reader
// of one of them must get all its entries.
func TestFollowingAndForgettingMayCoincide(t *testing.T) {
	h := testHub(func(o *Options) { o.IdleChannels = numShards; o.MemoryLimit = 1 << 20 })
	c := follow(t, h, "steady")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				name := fmt.Sprint("c", (g*7+i)%300)
				if i%2 == 0 {
					h.Publish(context.Background(), item(name, "", "x"))
					continue
				}
				if f, err := h.Follow(context.Background(), Follow{Subscriptions: subs(name, "steady"), Live: h.Head().Seq, Group: new(quiet)}); err == nil {
					f.Next(nil, 10, 1000)
					f.Close()
				}
			}
		})
	}
	for i := range 500 {
		say(t, h, "steady", fmt.Sprint(i))
		entries, err := c.Next(nil, 10, 1<<20)
		if err != nil || len(entries) != 1 || string(entries[0].Bytes(text)) != fmt.Sprint(i) {
			t.Fatalf("entry %d: %d entries, %v", i, len(entries), err)
		}
	}
	wg.Wait()
}
