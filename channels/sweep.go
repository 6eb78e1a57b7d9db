package channels

import (
	"context"
	"time"
)

// sweepInterval is how often entries that are too old are looked for. Cursors
// never see them late: they are also dropped before a cursor is placed.
const sweepInterval = 10 * time.Second

// Run drops what is too old until ctx ends, and returns nil.
func (h *Hub) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			for _, s := range h.shards {
				s.each(func(l *Log) { l.expire(now) })
			}
		}
	}
}
