package proxy

import "context"

// gate lets a number of requests through at once. The next one comes through
// when one leaves.
type gate struct {
	queue
	free int // 0 while anybody waits; guarded by mu
}

// newGate returns a gate for places requests at once, nil if that is 0: any
// number.
func newGate(places int, l *Limits, counts *queueCounts) *gate {
	if places == 0 {
		return nil
	}
	return &gate{queue: l.queue(counts), free: places}
}

// enter returns nil when the caller has a place, which leave gives back. It
// waits for one as long as the queue allows; see queue.lineUp for the errors.
// Without a wait it allocates nothing. A nil gate is open.
func (g *gate) enter(ctx context.Context) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	if g.free == 0 {
		return g.lineUp(ctx)
	}
	g.free--
	g.mu.Unlock()
	return nil
}

// leave hands the caller's place to who waits longest.
func (g *gate) leave() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.callLocked() {
		g.free++
	}
}
