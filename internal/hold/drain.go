package hold

import (
	"context"
	"time"
)

// cutter is a Waiter that can be ended without regard for its client.
type cutter interface{ cutOff(reason Reason) }

// Drain implements Holder. Event streams are sent a random retry of one to
// three seconds first, so that their clients do not come back all at once.
func (h *Goroutines) Drain(ctx context.Context, window time.Duration) error {
	seats := h.registry.close(ReasonDrain)
	spread(ctx, seats, window)
	err := h.registry.wait(ctx)
	if err != nil {
		h.cutAll()
	}
	return err
}

// spread ends seats one after the other, evenly over window, or until ctx ends.
func spread(ctx context.Context, seats []*Seat, window time.Duration) {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, s := range seats {
		due := window * time.Duration(i) / time.Duration(len(seats))
		if wait := due - time.Since(start); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		s.waiter.End(ReasonDrain)
	}
}

// cutAll ends everything that is held at once, and whoever takes a seat later.
func (h *Goroutines) cutAll() {
	for _, s := range h.registry.close(ReasonShutdown) {
		if c, ok := s.waiter.(cutter); ok {
			c.cutOff(ReasonShutdown)
			continue
		}
		s.waiter.End(ReasonShutdown)
	}
}
