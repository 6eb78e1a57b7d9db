package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// Measure does a run, after a smaller one if it is to warm up, and returns what
// came of it. It blocks for as long as that takes. All its connections are
// closed, and its goroutines and processes gone, when it returns.
func Measure(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if cfg.WarmUp {
		if _, err := measure(ctx, cfg.smaller()); err != nil {
			return nil, fmt.Errorf("bench: warming up: %w", err)
		}
		if err := sleep(ctx, breath); err != nil {
			return nil, err
		}
	}
	report, err := compared(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return report, nil
}

// compared measures, and where streams are to be stuck, without them before.
func compared(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Stuck == 0 || cfg.Stuck == cfg.Streams {
		return measure(ctx, cfg)
	}
	without, err := measure(ctx, cfg.withoutStuck())
	if err != nil {
		return nil, fmt.Errorf("without stuck streams: %w", err)
	}
	if err := sleep(ctx, breath); err != nil {
		return nil, err
	}
	report, err := measure(ctx, cfg)
	if err != nil {
		return nil, err
	}
	report.addWithout(without)
	return report, nil
}

// withoutStuck is the same run with the streams that read alone.
func (c Config) withoutStuck() Config {
	c.Streams -= c.Stuck
	c.Stuck = 0
	return c
}

// breath is how long a server is given to notice that streams are gone, so that
// this does not count as what comes next.
const breath = 200 * time.Millisecond

// smaller is the run to warm up with: a tenth of the streams, a quarter of the
// time.
func (c Config) smaller() Config {
	c.Streams = max(1, c.Streams/10)
	c.Stuck = c.Stuck / 10
	c.Duration /= 4
	c.Settle, c.IdleChannels, c.IdleSettle = 0, 0, 0
	return c
}

func measure(ctx context.Context, cfg Config) (*Report, error) {
	// Whatever is left of it ends with the run: processes, above all.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{cfg: cfg, name: rand.Text()[:8], report: &Report{URL: cfg.URL, Streams: cfg.Streams}}
	var err error
	if r.before, err = cfg.look(ctx); err != nil {
		return nil, err
	}
	if err := r.idle(ctx); err != nil {
		return nil, err
	}
	if cfg.Replay > 0 {
		err = r.replay(ctx)
	} else {
		err = r.live(ctx)
	}
	return r.report, err
}
