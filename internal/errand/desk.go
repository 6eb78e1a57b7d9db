package errand

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Options bound the pace.
type Options struct {
	// Concurrent is how many errands are under way at most. At least 1.
	Concurrent int
	// PerSecond is how many begin in a second; Concurrent may begin at once.
	PerSecond float64
	// Spread is how long an errand waits at most, at random, beyond its delay.
	Spread time.Duration
	// Waiting is how many members all errands may have together. 0: no bound.
	Waiting int
}

// Desk runs errands. Its methods may be called from any goroutine.
type Desk[M any] struct {
	// Fixed after New.
	run     func(ctx context.Context, members []M)
	limiter *rate.Limiter // guards itself
	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex // run is not called while held
	options Options
	all     map[*errand[M]]struct{}
	keyed   map[string]*errand[M] // those that have not begun
	due     []*errand[M]
	working int
	members int           // in all
	idle    chan struct{} // closed when members is 0; nil: nobody waits
	closed  bool
}

// errand is what one call of run does.
type errand[M any] struct {
	key     string
	members []M
	timer   *time.Timer // nil once it is due
}

// New returns a desk whose errands are done by run, which owns members. It must
// return soon after ctx has ended.
func New[M any](o Options, run func(ctx context.Context, members []M)) *Desk[M] {
	ctx, cancel := context.WithCancel(context.Background())
	return &Desk[M]{
		options: o,
		run:     run,
		limiter: rate.NewLimiter(rate.Limit(o.PerSecond), o.Concurrent),
		ctx:     ctx,
		cancel:  cancel,
		all:     make(map[*errand[M]]struct{}),
		keyed:   make(map[string]*errand[M]),
	}
}

// Add has run called with m, not before delay is over, and with all others of the
// same key who come until then. With an empty key m is alone. It returns at once,
// and false if too many wait or the desk is closed.
func (d *Desk[M]) Add(key string, m M, delay time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.options.Waiting > 0 && d.members >= d.options.Waiting {
		return false
	}
	d.members++
	if e := d.keyed[key]; e != nil && key != "" {
		e.members = append(e.members, m)
		return true
	}
	e := &errand[M]{key: key, members: []M{m}}
	d.all[e] = struct{}{}
	if key != "" {
		d.keyed[key] = e
	}
	if d.options.Spread > 0 {
		delay += rand.N(d.options.Spread)
	}
	e.timer = time.AfterFunc(delay, func() { d.become(e) })
	return true
}

// become makes e due.
func (d *Desk[M]) become(e *errand[M]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	e.timer = nil
	d.due = append(d.due, e)
	if d.working < d.options.Concurrent {
		d.working++
		d.workers.Go(d.work)
	}
}

// work runs what is due until nothing is.
func (d *Desk[M]) work() {
	for e := d.next(); e != nil; e = d.next() {
		if d.limiter.Wait(d.ctx) != nil {
			continue // closed: next ends it
		}
		if members := d.begin(e); members != nil {
			d.run(d.ctx, members)
			d.end(len(members))
		}
	}
}

// next takes the first errand that is due, nil if the worker is to go.
func (d *Desk[M]) next() *errand[M] {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.due) == 0 || d.working > d.options.Concurrent {
		d.working--
		return nil
	}
	e := d.due[0]
	d.due[0] = nil
	d.due = d.due[1:]
	return e
}

// begin lets nobody join any more. It returns nil if Close has been faster, and
// has returned e's members as not served.
func (d *Desk[M]) begin(e *errand[M]) []M {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	delete(d.keyed, e.key)
	delete(d.all, e)
	return e.members
}

func (d *Desk[M]) end(members int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members -= members
	if d.members == 0 && d.idle != nil {
		close(d.idle)
		d.idle = nil
	}
}

// Adjust changes Options.Concurrent and Options.PerSecond. What is under way, and who
// waits for its turn already, is not disturbed.
func (d *Desk[M]) Adjust(concurrent int, perSecond float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options.Concurrent, d.options.PerSecond = concurrent, perSecond
	d.limiter.SetLimit(rate.Limit(perSecond))
	d.limiter.SetBurst(concurrent)
	for idle := len(d.due); idle > 0 && d.working < concurrent && !d.closed; idle-- {
		d.working++
		d.workers.Go(d.work)
	}
}

// Waiting is how many members wait or are being served.
func (d *Desk[M]) Waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.members
}

// Backlog is how many errands have not begun.
func (d *Desk[M]) Backlog() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}

// Wait returns when nobody waits, or with ctx's error when that ends. What run
// adds while it works counts.
func (d *Desk[M]) Wait(ctx context.Context) error {
	d.mu.Lock()
	if d.members == 0 {
		d.mu.Unlock()
		return nil
	}
	if d.idle == nil {
		d.idle = make(chan struct{})
	}
	idle := d.idle
	d.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends what is under way and returns, when that has ended, those who were
// not served. It may be called more than once.
func (d *Desk[M]) Close() (left []M) {
	d.mu.Lock()
	d.closed = true
	for e := range d.all {
		if e.timer != nil {
			e.timer.Stop()
		}
		left = append(left, e.members...)
	}
	clear(d.all)
	clear(d.keyed)
	d.due = nil
	d.mu.Unlock()
	d.cancel()
	d.workers.Wait()
	return left
}
