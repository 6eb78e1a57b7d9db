package channels

import (
	"slices"
	"time"
)

// waitingRoom holds a channel's parked items, the one that came first in
// front.
type waitingRoom struct {
	items []parkedItem
	timer *time.Timer // for the one that waits the shortest
}

type parkedItem struct {
	Item
	until time.Time
	// turn, in a hub with a feed, is closed when the item may go to the bus. It
	// comes back from there.
	turn chan struct{}
}

// parkLocked keeps an item until the one that it must follow has come.
func (h *Hub) parkLocked(it *Item, turn chan struct{}, news *news) {
	room := h.sequencer.parked[it.Channel]
	if room == nil {
		channel := it.Channel
		room = &waitingRoom{timer: time.AfterFunc(h.options.ParkWait, func() { h.overdue(channel) })}
		h.sequencer.parked[channel] = room
	}
	room.items = append(room.items, parkedItem{*it, time.Now().Add(h.options.ParkWait), turn})
	h.sequencer.waiting++
	h.memory.Add(int64(it.Size))
	h.counters.parked.Add(1)
	if len(room.items) > h.options.ParkItems {
		h.counters.parkOverflows.Add(1)
		h.releaseLocked(it.Channel, 0, news)
	}
}

// continueLocked appends the parked items that follow id, one after another.
func (h *Hub) continueLocked(channel, id string, news *news) {
	for id != "" {
		i := h.sequencer.find(channel, func(it *Item) bool { return it.PrevID == id })
		if i < 0 {
			return
		}
		id = h.unparkLocked(channel, i, news)
	}
}

// releaseLocked appends parked item i without its predecessor, but after
// those parked items that do precede it, and then what follows.
func (h *Hub) releaseLocked(channel string, i int, news *news) {
	room := h.sequencer.parked[channel]
	for range room.items { // a chain is no longer than the room, even if it is a ring
		k := h.sequencer.find(channel, func(it *Item) bool { return it.ID != "" && it.ID == room.items[i].PrevID })
		if k < 0 {
			break
		}
		i = k
	}
	h.continueLocked(channel, h.unparkLocked(channel, i, news), news)
}

// unparkLocked appends parked item i and returns its id. One that goes to the bus
// is not there yet: what follows it waits for it anew.
func (h *Hub) unparkLocked(channel string, i int, news *news) (appended string) {
	it := h.removeLocked(channel, i)
	if it.turn == nil {
		h.appendLocked(&it.Item, news)
		return it.ID
	}
	close(it.turn)
	if room := h.sequencer.parked[channel]; room != nil {
		room.postpone(it.ID, time.Now().Add(h.options.ParkWait))
	}
	return ""
}

// removeLocked takes parked item i out of its room.
func (h *Hub) removeLocked(channel string, i int) parkedItem {
	room := h.sequencer.parked[channel]
	it := room.items[i]
	room.items = slices.Delete(room.items, i, i+1)
	h.sequencer.waiting--
	h.memory.Add(-int64(it.Size))
	if len(room.items) == 0 {
		room.timer.Stop()
		delete(h.sequencer.parked, channel)
	}
	return it
}

// postpone lets the chain of items that follow id wait at least until then.
func (r *waitingRoom) postpone(id string, until time.Time) {
	for range r.items { // a chain is no longer than the room, even if it is a ring
		i := slices.IndexFunc(r.items, func(it parkedItem) bool { return id != "" && it.PrevID == id })
		if i < 0 {
			return
		}
		r.items[i].until, id = until, r.items[i].ID
	}
}

// soonest is the index of the item that waits the shortest.
func (r *waitingRoom) soonest() int {
	first := 0
	for i := range r.items {
		if r.items[i].until.Before(r.items[first].until) {
			first = i
		}
	}
	return first
}

// overdue appends what has waited long enough.
func (h *Hub) overdue(channel string) {
	var news news
	h.order.Lock()
	h.overdueLocked(channel, &news)
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
}

func (h *Hub) overdueLocked(channel string, news *news) {
	now := time.Now()
	for {
		room := h.sequencer.parked[channel]
		if room == nil {
			return
		}
		first := room.soonest()
		if left := room.items[first].until.Sub(now); left > 0 {
			room.timer.Reset(left)
			return
		}
		h.counters.parkTimeouts.Add(1)
		h.releaseLocked(channel, first, news)
	}
}

// flushLocked appends everything that is parked.
func (h *Hub) flushLocked(news *news) {
	for channel := range h.sequencer.parked {
		for h.sequencer.parked[channel] != nil {
			h.releaseLocked(channel, 0, news)
		}
	}
}

// find returns the index of the first parked item of channel that f accepts,
// -1 if there is none.
func (s *sequencer) find(channel string, f func(*Item) bool) int {
	room := s.parked[channel]
	if room == nil {
		return -1
	}
	for i := range room.items {
		if f(&room.items[i].Item) {
			return i
		}
	}
	return -1
}
