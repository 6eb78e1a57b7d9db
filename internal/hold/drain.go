package hold

import (
	"context"
	"time"
)

// spread ends who has a ticket one after the other, evenly over window, or
// until ctx ends.
func spread(ctx context.Context, tickets []*Ticket, window time.Duration) {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, t := range tickets {
		due := window * time.Duration(i) / time.Duration(len(tickets))
		if wait := due - time.Since(start); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		t.holder.End(ReasonDrain)
	}
}
