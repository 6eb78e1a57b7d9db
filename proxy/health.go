package proxy

import "time"

// How long an origin that has failed is tried last.
const (
	firstRest = time.Second
	maxRest   = 30 * time.Second
)

// health is what requests have found out about an origin; nothing else asks it.
// After a failure the origin rests: others are asked before it, but where all
// rest it is asked all the same. When the rest is over one request goes there
// again as if it were well, and until that has an answer the others still pass
// by. Each failure that ends a rest makes the next twice as long. The zero
// value is well.
type health struct {
	failures int       // in a row
	until    time.Time // the end of the rest
	onTrial  bool      // since the rest was over a request is there
}

// well reports whether it is the origin's turn as usual.
func (h *health) well(now time.Time) bool { return h.failures == 0 || !now.Before(h.until) }

// use notes that a request goes there.
func (h *health) use(now time.Time) {
	if h.failures > 0 && h.well(now) {
		h.onTrial, h.until = true, now.Add(h.rest())
	}
}

// fail notes that it did not answer. What was asked before the rest and fails
// in it says nothing new.
func (h *health) fail(now time.Time) {
	if h.failures > 0 && !h.onTrial && now.Before(h.until) {
		return
	}
	h.failures++
	h.onTrial, h.until = false, now.Add(h.rest())
}

func (h *health) rest() time.Duration {
	return min(firstRest<<min(h.failures-1, 10), maxRest)
}
