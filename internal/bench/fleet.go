package bench

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"
)

// fleet is all streams of a run and what they count together.
type fleet struct {
	cfg   Config
	run   string // the name in this run's stamps
	began time.Time

	// Any goroutine.
	connect   histogram
	latency   histogram
	passes    passes       // used after connectAll
	delivered atomic.Int64 // each event once per stream
	latest    atomic.Int64 // when the last one came, in nanoseconds since began
	next      atomic.Int64 // number of the next stream to connect
	closing   atomic.Bool
	readers   sync.WaitGroup

	mu       sync.Mutex // nothing slow under it
	streams  []*stream
	failures map[string]int // connects that failed, by reason
	endings  map[string]int // streams that ended before close, by reason
}

func newFleet(cfg Config) *fleet {
	return &fleet{
		cfg:      cfg,
		run:      rand.Text()[:8],
		began:    time.Now(),
		failures: map[string]int{},
		endings:  map[string]int{},
	}
}

// connectAll opens all streams and returns when each is open or has failed.
func (f *fleet) connectAll(ctx context.Context) {
	var workers sync.WaitGroup
	for range min(f.cfg.Concurrency, f.cfg.Streams) {
		workers.Go(func() {
			for i := f.next.Add(1) - 1; i < int64(f.cfg.Streams); i = f.next.Add(1) - 1 {
				f.connectOne(ctx, int(i))
			}
		})
	}
	workers.Wait()
	f.passes.streams = len(f.streams)
}

func (f *fleet) connectOne(ctx context.Context, i int) {
	start := time.Now()
	o, err := open(ctx, expand(f.cfg.URL, i))
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failures[reason(err)]++
		return
	}
	f.connect.add(time.Since(start))
	s := &stream{fleet: f, opened: o}
	if f.cfg.channels() > 1 {
		s.channel = i
	}
	f.mu.Lock()
	f.streams = append(f.streams, s)
	f.mu.Unlock()
	f.readers.Go(s.read)
}

// measured counts one delivery by its latency.
func (f *fleet) measured(seq int, latency time.Duration) {
	f.latency.add(latency)
	f.passes.add(seq, latency)
}

// arrived counts n deliveries that were read at that time.
func (f *fleet) arrived(n int64, at time.Duration) {
	if n > 0 {
		f.delivered.Add(n)
		f.latest.Store(int64(at))
	}
}

// ended counts a stream that ended while it should have lived.
func (f *fleet) ended(err error) {
	if f.closing.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endings[reason(err)]++
}

// await returns when all deliveries that are due have come, when none has come
// for cfg.Wait, or with the error of ctx.
func (f *fleet) await(ctx context.Context, due int64) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	since := time.Since(f.began)
	for f.delivered.Load() < due {
		quiet := time.Since(f.began) - max(since, time.Duration(f.latest.Load()))
		if quiet >= f.cfg.Wait {
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

// close ends all streams and waits for their goroutines. connectAll must have
// returned.
func (f *fleet) close() {
	f.closing.Store(true)
	for _, s := range f.streams {
		s.conn.Close()
	}
	f.readers.Wait()
}
