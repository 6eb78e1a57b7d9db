package bench

import (
	"context"
	"fmt"
)

// IdleReport is about channels that something was published to and nobody follows.
type IdleReport struct {
	Channels         int     `json:"channels"`
	MemoryPerChannel float64 `json:"memory_per_channel_bytes"` // of the server's processes; 0 if unknown
}

// idleBatch is how many of them are published to at once.
const idleBatch = 100

// idle publishes once to each of cfg.IdleChannels before the streams come, leaves
// them alone for cfg.IdleSettle, and looks at the server again.
func (r *run) idle(ctx context.Context) error {
	if r.cfg.IdleChannels == 0 {
		return nil
	}
	p := newPublisher(r.cfg, r.name)
	defer p.close()
	for first := 0; first < r.cfg.IdleChannels; first += idleBatch {
		if err := p.publishIdle(ctx, first, min(idleBatch, r.cfg.IdleChannels-first)); err != nil {
			return fmt.Errorf("idle channels: %w", err)
		}
	}
	if err := sleep(ctx, r.cfg.IdleSettle); err != nil {
		return err
	}
	after, err := r.cfg.look(ctx)
	if err != nil {
		return err
	}
	r.report.Idle = &IdleReport{
		Channels:         r.cfg.IdleChannels,
		MemoryPerChannel: float64(after.until.memory-r.before.from.memory) / float64(r.cfg.IdleChannels),
	}
	r.before = after
	return nil
}

// publishIdle publishes to n idle channels. Their numbers come after those of the
// channels with streams: an event that reaches one is a stray.
func (p *publisher) publishIdle(ctx context.Context, first, n int) error {
	p.batch = p.batch[:0]
	for i := first; i < first+n; i++ {
		st := stamp{p.run, len(p.channels) + i, 0, p.clock.now()}
		p.batch = append(p.batch, item{channel: p.dialect.escape(fmt.Sprintf("idle-%d", i)), stamp: st, size: p.cfg.Payload})
	}
	return p.send(ctx)
}
