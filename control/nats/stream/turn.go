package stream

import (
	"context"
	"sync"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// storeInTurn begins to store what need not wait, and each chain of items when it
// is its turn. wait returns when it is known of all what became of them.
func (b *Bus) storeInTurn(ctx context.Context, items []grip.Item, stores []*storing) (wait func()) {
	chain, chains := chainsOf(items)
	parts := make([][]*storing, 1+chains)
	heads := make([]*grip.Item, 1+chains)
	for i, c := range chain {
		if len(parts[c]) == 0 {
			heads[c] = &items[i]
		}
		parts[c] = append(parts[c], stores[i])
	}
	var waiting sync.WaitGroup
	for c := 1; c <= chains; c++ {
		waiting.Go(func() {
			if err := b.turn(ctx, heads[c]); err != nil {
				refuseAll(parts[c], err)
				return
			}
			sendAll(parts[c])
			awaitAll(ctx, parts[c])
		})
	}
	sendAll(parts[0])
	return func() {
		awaitAll(ctx, parts[0])
		waiting.Wait()
	}
}

// chainsOf tells for each item of a batch which chain it belongs to: one that
// begins with an item whose predecessor is not before it in the batch, and has to
// be waited for. Those of chain 0 need not wait.
func chainsOf(items []grip.Item) (chain []int, chains int) {
	type key struct{ channel, id string }
	of := make(map[key]int)
	chain = make([]int, len(items))
	for i := range items {
		it := &items[i]
		if it.PrevID != "" && !it.NoSeq {
			before, known := of[key{it.Channel, it.PrevID}]
			if !known {
				chains++
				before = chains
			}
			chain[i] = before
		}
		if it.ID != "" {
			of[key{it.Channel, it.ID}] = chain[i]
		}
	}
	return chain, chains
}

// turn returns when it is an item's turn. While it waits, the node follows the
// channel.
func (b *Bus) turn(ctx context.Context, it *grip.Item) error {
	looking, stop := context.WithTimeoutCause(ctx, patience,
		intake.Unavailable("It cannot be looked up which item of the channel was the last, and the item names one as prev-id."))
	defer stop()
	release, err := b.hub.Await(looking, it.Channel)
	if err != nil {
		return err
	}
	defer release()
	return b.hub.Turn(ctx, looking, channels.Item{Channel: it.Channel, ID: it.ID, PrevID: it.PrevID, Size: len(it.Raw)})
}
