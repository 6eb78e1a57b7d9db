package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// await waits for what was published to come to all streams that read.
func (f *fleet) await(ctx context.Context, published []int) error {
	f.published = published
	var due int64
	for _, s := range f.streams {
		if !s.stuck {
			due += s.due(published)
		}
	}
	return f.quiet(ctx, &f.latest, func() bool { return f.delivered.Load() >= due })
}

// release makes the stuck streams read, until they have nothing more to read.
func (f *fleet) release(ctx context.Context) error {
	if f.released {
		return nil
	}
	f.released = true
	var left atomic.Int64 // that may still get something
	for _, s := range f.streams {
		if s.stuck {
			left.Add(1)
			f.readers.Go(func() {
				defer left.Add(-1)
				s.read()
			})
		}
	}
	return f.quiet(ctx, &f.lastStuck, func() bool { return left.Load() == 0 })
}

// quiet returns when it is done, when nothing has come for job.Wait, or with the
// error of ctx. The clock at the last delivery is in latest.
func (f *fleet) quiet(ctx context.Context, latest *atomic.Int64, done func() bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	since := f.clock.now()
	for !done() {
		if f.clock.now()-max(since, time.Duration(latest.Load())) >= f.job.Wait {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// finish closes the streams and adds up what they have counted.
func (f *fleet) finish() (*part, error) {
	f.close()
	p := newPart()
	p.Opened, p.Failed, p.Ended = len(f.streams), f.failures, f.endings
	p.Connect, p.Latency, p.Own = &f.connect, &f.latency, &f.own
	p.First, p.Median, p.Last = f.passes.first, f.passes.median, f.passes.last
	p.Until = time.Duration(f.latest.Load())
	for _, s := range f.streams {
		c := s.counts(f.published)
		if s.stuck {
			p.Stuck.add(s.fate(c))
		} else {
			p.counts.add(c)
		}
	}
	return p, nil
}

// fate says what became of a stream that was stuck.
func (s *stream) fate(c counts) stuckPart {
	part := stuckPart{Streams: 1}
	switch {
	case c.Delivered >= c.Due:
		part.Whole = 1
	case c.Gaps > 0 || s.cut:
		part.Told = 1
	default:
		part.Silent = 1
	}
	return part
}
