package websocket

import (
	"context"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

type nobody struct{}

func (nobody) Wake(*channels.Log) {}

// Whoever reads while others publish gets all channels in one order.
func TestChannelsComeInTheOrderOfPublication(t *testing.T) {
	const rounds = 5000
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	var f feed
	var items []channels.Item
	for _, name := range []string{"a", "b", "c"} {
		c, err := hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: name}}, Form: wire.Message, Group: nobody{},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f.add(&sub{name: name, channel: name, cursor: c}, nil)
		items = append(items, wire.Item(grip.Item{Channel: name, Message: &grip.MessageFormat{Content: []byte(name)}}, wire.Options{}))
	}
	next := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for range next { // while the other looks for them
			if _, err := hub.Publish(context.Background(), items...); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var last uint64
	for range rounds {
		next <- struct{}{}
		for n := 0; n < len(items); {
			entries, err := f.take(make([]channels.Entry, 0, 8))
			if err != nil {
				t.Fatal(err)
			}
			for i := range entries {
				if seq := entries[i].Seq(); seq != last+1 {
					t.Fatalf("entry %d comes after %d", seq, last)
				}
				last++
			}
			n += len(entries)
		}
	}
	close(next)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
