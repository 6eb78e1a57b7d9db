package channels

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// sequencer is what decides, before an item has a place, whether it gets one
// and when: it remembers ids and parks items whose predecessor is missing.
// Everything in it is guarded by Hub.order.
type sequencer struct {
	seen    *simplelru.LRU[itemKey, sighting]
	parked  map[string]*waitingRoom // by channel; never an empty room
	waiting int                     // parked items in all rooms
	hurried bool                    // nothing is parked any more
}

type itemKey struct{ channel, id string }

// sighting is when an id was accepted, and with which place if it was known.
type sighting struct {
	at  time.Time
	seq uint64
}

// waitingRoom holds a channel's parked items, the one that came first in
// front.
type waitingRoom struct {
	items []parkedItem
	timer *time.Timer
}

type parkedItem struct {
	Item
	until time.Time
}

func newSequencer(o Options) sequencer {
	// The error is for a size below 1.
	seen, _ := simplelru.NewLRU[itemKey, sighting](max(1, o.DedupIDs), nil)
	return sequencer{seen: seen, parked: make(map[string]*waitingRoom)}
}

// sequenceLocked drops, parks or appends an item, and appends what waited for
// it.
func (h *Hub) sequenceLocked(it *Item, news *news) Result {
	if h.duplicateLocked(it) {
		h.counters.duplicates.Add(1)
		return Result{Status: Duplicate}
	}
	if it.PrevID != "" && !it.NoSeq && !h.sequencer.hurried {
		if last := h.lastLocked(it.Channel); last != "" && last != it.PrevID {
			h.parkLocked(it, news)
			return Result{Status: Parked}
		}
	}
	result := h.appendLocked(it, news)
	h.continueLocked(it.Channel, it.ID, news)
	return result
}

// duplicateLocked reports whether the item's id is known on its channel, and
// remembers it.
func (h *Hub) duplicateLocked(it *Item) bool {
	if !h.remembersIDs(it) {
		return false
	}
	now := time.Now()
	h.forgetIDsLocked(now)
	if h.sequencer.seen.Contains(itemKey{it.Channel, it.ID}) {
		return true
	}
	h.rememberLocked(it, sighting{at: now})
	return false
}

func (h *Hub) remembersIDs(it *Item) bool {
	return it.ID != "" && h.options.DedupWindow > 0 && h.options.DedupIDs > 0
}

// forgetIDsLocked forgets the ids that were accepted too long ago to matter.
func (h *Hub) forgetIDsLocked(now time.Time) {
	seen := h.sequencer.seen
	for {
		_, first, ok := seen.GetOldest()
		if !ok || now.Sub(first.at) < h.options.DedupWindow {
			return
		}
		seen.RemoveOldest()
	}
}

func (h *Hub) rememberLocked(it *Item, first sighting) {
	if h.sequencer.seen.Add(itemKey{it.Channel, it.ID}, first) {
		h.counters.idsForgotten.Add(1)
	}
}

// lastLocked returns the id that the channel's next item must follow.
func (h *Hub) lastLocked(channel string) string {
	s := h.shard(channel)
	l := s.acquire(channel, false)
	if l == nil {
		return ""
	}
	defer s.release(l)
	return l.last
}

// parkLocked keeps an item until the one that it must follow has come.
func (h *Hub) parkLocked(it *Item, news *news) {
	room := h.sequencer.parked[it.Channel]
	if room == nil {
		channel := it.Channel
		room = &waitingRoom{timer: time.AfterFunc(h.options.ParkWait, func() { h.overdue(channel) })}
		h.sequencer.parked[channel] = room
	}
	room.items = append(room.items, parkedItem{*it, time.Now().Add(h.options.ParkWait)})
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

// unparkLocked appends parked item i and returns its id.
func (h *Hub) unparkLocked(channel string, i int, news *news) string {
	room := h.sequencer.parked[channel]
	it := room.items[i].Item
	room.items = append(room.items[:i], room.items[i+1:]...)
	h.sequencer.waiting--
	h.memory.Add(-int64(it.Size))
	if len(room.items) == 0 {
		room.timer.Stop()
		delete(h.sequencer.parked, channel)
	}
	h.appendLocked(&it, news)
	return it.ID
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
		if left := room.items[0].until.Sub(now); left > 0 {
			room.timer.Reset(left)
			return
		}
		h.counters.parkTimeouts.Add(1)
		h.releaseLocked(channel, 0, news)
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
