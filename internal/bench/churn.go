package bench

import (
	"context"
	"sync"
	"time"
)

// churn opens streams and closes them again, while others get events. They have
// the numbers after the run's streams.
type churn struct {
	cfg    Config
	dialer dialer
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	opened  int
	failed  map[string]int
	latency histogram
}

// startChurn opens cfg.Churn streams a second until finish is called; nil, whose
// finish does nothing, for none.
func startChurn(ctx context.Context, cfg Config) *churn {
	if cfg.Churn == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	c := &churn{cfg: cfg, dialer: dialer{insecure: cfg.Insecure}, stop: stop, failed: map[string]int{}}
	c.done.Go(func() { c.run(ctx) })
	return c
}

func (c *churn) run(ctx context.Context) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / c.cfg.Churn))
	defer ticker.Stop()
	for i := c.cfg.Streams; ; i++ {
		select {
		case <-ticker.C:
			c.done.Go(func() { c.one(ctx, i) })
		case <-ctx.Done():
			return
		}
	}
}

func (c *churn) one(ctx context.Context, i int) {
	start := time.Now()
	o, err := c.dialer.open(ctx, expand(c.cfg.URL, i))
	if ctx.Err() != nil && err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed[reason(err)]++
		return
	}
	c.latency.add(time.Since(start))
	c.opened++
	o.body.Close()
}

// finish stops and returns what came of it.
func (c *churn) finish() *ConnectReport {
	if c == nil {
		return nil
	}
	c.stop()
	c.done.Wait()
	return &ConnectReport{Opened: c.opened, Failed: c.failed, Latency: c.latency.summary()}
}
