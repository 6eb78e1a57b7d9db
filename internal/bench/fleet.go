package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// fleet is the streams of a job and what they count together.
type fleet struct {
	job    job
	clock  clock
	dialer dialer
	shared *multiplex // nil: over HTTP/1.1

	// Any goroutine.
	connect   histogram
	latency   histogram
	own       histogram    // the same, without the channel that all follow
	passes    passes       // used after open
	delivered atomic.Int64 // to the streams that read, each event once per stream
	latest    atomic.Int64 // the clock when the last one came
	lastStuck atomic.Int64 // the same for the streams that were stuck
	next      atomic.Int64 // number of the next stream to connect
	closing   atomic.Bool
	readers   sync.WaitGroup

	mu       sync.Mutex // nothing slow under it
	streams  []*stream
	failures map[string]int // connects that failed, by reason
	endings  map[string]int // streams that ended before close, by reason

	// One goroutine.
	published []int // to each channel, as await was told
	released  bool
}

func newFleet(j job) *fleet {
	f := &fleet{
		job:      j,
		clock:    newClock(),
		dialer:   dialer{source: j.Source, lastEventID: j.LastEventID, insecure: j.Insecure, answers: j.Answers},
		passes:   passes{first: new(histogram), median: new(histogram), last: new(histogram)},
		failures: map[string]int{},
		endings:  map[string]int{},
	}
	if j.HTTP2 > 0 {
		f.shared = newMultiplex(f.dialer, j.HTTP2)
	}
	return f
}

// open opens all streams and returns when each is open or has failed.
func (f *fleet) open(ctx context.Context) error {
	var workers sync.WaitGroup
	for range min(f.job.Concurrency, f.job.Count) {
		workers.Go(func() {
			for i := f.next.Add(1) - 1; i < int64(f.job.Count); i = f.next.Add(1) - 1 {
				f.connectOne(ctx, f.job.First+int(i))
			}
		})
	}
	workers.Wait()
	f.passes.streams.Store(int64(len(f.streams)))
	return context.Cause(ctx)
}

func (f *fleet) opened() int { return len(f.streams) }

func (f *fleet) connectOne(ctx context.Context, i int) {
	start := time.Now()
	o, err := f.ask(ctx, i)
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failures[reason(err)]++
		return
	}
	f.connect.add(time.Since(start))
	s := &stream{fleet: f, opened: o, stuck: f.job.stuck(i)}
	for _, channel := range f.job.follows(i) {
		s.follows = append(s.follows, following{channel: channel})
	}
	f.mu.Lock()
	f.streams = append(f.streams, s)
	f.mu.Unlock()
	if !s.stuck {
		f.readers.Go(s.read)
	}
}

// ask opens stream i of the run.
func (f *fleet) ask(ctx context.Context, i int) (opened, error) {
	target := expand(f.job.URL, i)
	if f.shared != nil {
		return f.shared.open(ctx, target, i-f.job.First)
	}
	d := f.dialer
	d.deaf = f.job.stuck(i)
	o, err := d.open(ctx, target)
	if err != nil || !f.job.KernelClock {
		return o, err
	}
	stamped, err := stampArrivals(o.body)
	if err != nil {
		o.body.Close()
		return opened{}, err
	}
	o.body = stamped
	return o, nil
}

// measured counts one delivery by its latency, which says nothing of a stream that
// was stuck, or of an event from before the stream.
func (f *fleet) measured(s *stream, st stamp) {
	if s.stuck || f.job.LastEventID != "" {
		return
	}
	latency := s.now - st.sent
	f.latency.add(latency)
	if st.channel == f.job.shared() {
		f.passes.add(st.seq, latency)
	} else {
		f.own.add(latency)
	}
}

// arrived counts the deliveries of a stream's last read.
func (f *fleet) arrived(s *stream) {
	switch {
	case s.fresh == 0:
	case s.stuck:
		f.lastStuck.Store(int64(s.now))
	default:
		f.delivered.Add(s.fresh)
		f.latest.Store(int64(s.now))
	}
}

// ended counts a stream that ended while it should have lived. A stuck one may:
// how it ends is told apart.
func (f *fleet) ended(s *stream) {
	s.cut = !f.closing.Load()
	if !s.cut || s.stuck {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endings[reason(s.err)]++
}

// close ends all streams and waits for their goroutines. Open must have
// returned.
func (f *fleet) close() {
	f.closing.Store(true)
	for _, s := range f.streams {
		s.body.Close()
	}
	f.readers.Wait()
	if f.shared != nil {
		f.shared.close()
	}
}
