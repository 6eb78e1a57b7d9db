package channels

import "slices"

// enforceMemoryLocked makes room when the memory limit is passed: channels
// without readers go first, the one used longest ago before the others; then
// the largest logs give their oldest entries; last, what is parked is appended,
// so that it can be dropped like everything else.
//
// The walk over all logs must be rare. So it frees a sixteenth of the limit more
// than it must; and where that cannot be had, because what is left is channels
// with readers and nothing in them, it is not tried again before as much more
// has come.
func (h *Hub) enforceMemoryLocked(news *news) {
	limit, used := h.options.MemoryLimit, h.memory.Load()
	if h.unfreeable = min(h.unfreeable, used); h.unfreeable <= limit {
		h.unfreeable = 0 // what could not be freed has gone by itself
	}
	if used <= max(limit, h.unfreeable+limit/16) {
		return
	}
	h.makeRoomLocked(limit, news)
	h.unfreeable = 0
	if left := h.memory.Load(); left > limit {
		h.unfreeable = left
	}
}

func (h *Hub) makeRoomLocked(limit int64, news *news) {
	target := limit - limit/16
	for evicted := true; evicted && h.memory.Load() > target; {
		evicted = false
		for _, s := range h.shards {
			if h.memory.Load() <= target {
				return
			}
			evicted = s.evictIdle() || evicted
		}
	}
	if h.memory.Load() > target {
		h.levelLocked(target)
	}
	if h.memory.Load() > limit && h.sequencer.waiting > 0 {
		h.flushLocked(news)
	}
}

// levelLocked shrinks the largest logs to one level at which all logs
// together cost no more than target.
func (h *Hub) levelLocked(target int64) {
	var costs []int64
	for _, s := range h.shards {
		s.each(func(l *Log) {
			l.mu.Lock()
			costs = append(costs, l.charged)
			l.mu.Unlock()
		})
	}
	level := waterLevel(costs, target)
	for _, s := range h.shards {
		s.each(func(l *Log) { l.shrink(level) })
	}
}

// waterLevel returns the highest level such that the sum of min(cost, level)
// is at most target, or 0.
func waterLevel(costs []int64, target int64) int64 {
	slices.Sort(costs)
	for i, cost := range costs {
		rest := int64(len(costs) - i)
		if cost*rest > target {
			return max(0, target/rest)
		}
		target -= cost
	}
	return 1 << 62
}
