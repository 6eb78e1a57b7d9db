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
	if it.PrevID != "" && !h.sequencer.hurried && !it.follows(h.lastLocked(it.Channel)) {
		h.parkLocked(it, nil, news)
		return Result{Status: Parked}
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
