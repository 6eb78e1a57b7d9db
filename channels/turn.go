package channels

import (
	"context"
	"slices"
)

// Turn returns when an item may go to the bus of a hub with a feed: when the item
// that its PrevID names is the channel's last, or the item has waited for that as
// long as Options.ParkWait says, or too many wait. An item that the channel has
// had need not wait, nor one on a channel whose last item is not known, to the bus
// either. The caller has the channel from Await, and keeps it until Turn returns.
// The bus is asked for no longer than looking; waiting ends with ctx. The error is
// that of the feed's Sync, or why ctx ended before that.
func (h *Hub) Turn(ctx, looking context.Context, it Item) error {
	if it.PrevID == "" || it.NoSeq {
		return nil
	}
	if h.last(it.Channel) == "" {
		// What has just been stored can still be on its way.
		if err := h.options.Feed.Sync(looking, it.Channel); err != nil {
			return err
		}
	}
	turn := h.lineUp(&it)
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		h.giveUp(it.Channel, turn)
		return context.Cause(ctx)
	}
}

func (h *Hub) last(channel string) string {
	h.order.Lock()
	defer h.order.Unlock()
	return h.lastLocked(channel)
}

// lineUp parks an item unless it is its turn.
func (h *Hub) lineUp(it *Item) (turn chan struct{}) {
	var news news
	h.order.Lock()
	defer h.order.Unlock()
	known := h.remembersIDs(it) && h.sequencer.seen.Contains(itemKey{it.Channel, it.ID})
	if known || h.closed || h.sequencer.hurried || it.follows(h.lastLocked(it.Channel)) {
		return nil
	}
	turn = make(chan struct{})
	h.parkLocked(it, turn, &news)
	return turn
}

// giveUp removes a parked item.
func (h *Hub) giveUp(channel string, turn chan struct{}) {
	h.order.Lock()
	defer h.order.Unlock()
	if room := h.sequencer.parked[channel]; room != nil {
		i := slices.IndexFunc(room.items, func(it parkedItem) bool { return it.turn == turn })
		if i >= 0 {
			h.removeLocked(channel, i)
		}
	}
}
