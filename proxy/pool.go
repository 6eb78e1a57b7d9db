package proxy

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Balance says which origin of a route is asked first.
type Balance string

// The values of Route.Balance.
const (
	BalanceFirst         Balance = "first" // the first that is named
	BalanceRoundRobin    Balance = "round_robin"
	BalanceLeastRequests Balance = "least_requests"
)

// errAllTried says that a request has been to every origin.
var errAllTried = errors.New("every origin was tried")

// backend is one origin of a route. Its pool's lock guards what is not fixed.
type backend struct {
	url    *url.URL
	counts *originCounts
	health health
	active int // requests under way: from take to free
}

// pool is the origins of a route, and decides who is asked. It is safe for
// concurrent use.
type pool struct {
	// Fixed.
	all      []*backend
	balance  Balance
	limit    int           // of the requests under way at one origin, 0: none
	patience time.Duration // how long a request waits for a place
	queue    int           // how many may wait

	mu      sync.Mutex // nothing slow is done under it
	turn    int        // where the next search begins, but for BalanceFirst
	waiting list.List  // of *waiter, the longest first
}

// waiter is a request that waits for a place.
type waiter struct {
	tried []*backend
	got   chan *backend // capacity 1, never closed
}

// newPool returns the origins of r. At most queue requests wait for a place.
func newPool(r *Route, queue int, counts []*originCounts) *pool {
	p := &pool{balance: r.Balance, limit: r.MaxConnections, patience: r.ConnectTimeout, queue: queue}
	for i, u := range r.Origins {
		p.all = append(p.all, &backend{url: u, counts: counts[i]})
		counts[i].up.Set(1)
	}
	return p
}

// others are all origins but one; none if that is nil.
func (p *pool) others(only *url.URL) (others []*backend) {
	for _, b := range p.all {
		if only != nil && b.url != only {
			others = append(others, b)
		}
	}
	return others
}

// take finds an origin that is not among those tried, and takes a place there,
// which free gives back. While all of them are full it waits, for the pool's
// patience and for ctx. The error is errAllTried, errQueueFull, a *busyError or that
// of ctx.
func (p *pool) take(ctx context.Context, tried []*backend) (*backend, error) {
	p.mu.Lock()
	if len(tried) == len(p.all) {
		p.mu.Unlock()
		return nil, errAllTried
	}
	if b := p.pick(tried); b != nil {
		p.occupy(b)
		p.mu.Unlock()
		return b, nil
	}
	if p.waiting.Len() >= p.queue {
		p.mu.Unlock()
		return nil, errQueueFull
	}
	w := &waiter{tried, make(chan *backend, 1)}
	place := p.waiting.PushBack(w)
	p.mu.Unlock()
	return p.await(ctx, w, place)
}

// busyError says that every origin had as many requests as it may have.
type busyError struct{ patience time.Duration }

func (e *busyError) Error() string {
	return fmt.Sprintf("every origin had max_connections requests under way for %s", e.patience)
}

func (p *pool) await(ctx context.Context, w *waiter, place *list.Element) (*backend, error) {
	timer := time.NewTimer(p.patience)
	defer timer.Stop()
	var err error
	select {
	case b := <-w.got:
		return b, nil
	case <-timer.C:
		err = &busyError{p.patience}
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case b := <-w.got:
		return b, nil // in between
	default:
		p.waiting.Remove(place)
		return nil, err
	}
}

// free gives a place back, to who has waited longest if anybody has.
func (p *pool) free(b *backend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.active--
	b.counts.active.Dec()
	for place := p.waiting.Front(); place != nil; place = place.Next() {
		if w := place.Value.(*waiter); !slices.Contains(w.tried, b) {
			p.waiting.Remove(place)
			p.occupy(b)
			w.got <- b
			return
		}
	}
}

// occupy takes a place at b. The caller holds the lock.
func (p *pool) occupy(b *backend) {
	b.health.use(time.Now())
	b.active++
	b.counts.active.Inc()
}

// pick returns the best origin that is not full and not among those tried, nil
// if there is none. The caller holds the lock.
func (p *pool) pick(tried []*backend) *backend {
	first, now := 0, time.Now()
	if p.balance != BalanceFirst {
		first = p.turn
		p.turn = (p.turn + 1) % len(p.all)
	}
	var best *backend
	for i := range p.all {
		b := p.all[(first+i)%len(p.all)]
		full := p.limit > 0 && b.active >= p.limit
		if !full && !slices.Contains(tried, b) && (best == nil || p.better(b, best, now)) {
			best = b
		}
	}
	return best
}

// better reports whether a is to be asked before b, which would be its turn.
func (p *pool) better(a, b *backend, now time.Time) bool {
	if aWell, bWell := a.health.well(now), b.health.well(now); !aWell || !bWell {
		return aWell || !bWell && a.health.until.Before(b.health.until)
	}
	return p.balance == BalanceLeastRequests && a.active < b.active
}

// answered notes that b has answered.
func (p *pool) answered(b *backend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.health = health{}
	b.counts.up.Set(1)
}

// failed notes that b has not answered, by its own fault.
func (p *pool) failed(b *backend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.health.fail(time.Now())
	b.counts.up.Set(0)
}
