package hold

import (
	"context"
	"sync"
)

// registry knows who is held and how many may be.
type registry struct {
	limit int // 0: none

	mu      sync.Mutex // no Waiter is called while held
	places  int        // admitted and not yet gone, seated or not
	seats   []*Seat
	closing Reason        // why newcomers are ended at once; empty: they are not
	vacant  chan struct{} // closed when places is 0 while closing
}

func newRegistry(limit int) *registry {
	return &registry{limit: limit, vacant: make(chan struct{})}
}

// admit reserves a place.
func (r *registry) admit() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closing != "":
		return ErrDraining
	case r.limit > 0 && r.places >= r.limit:
		return ErrFull
	}
	r.places++
	return nil
}

// release gives a place back.
func (r *registry) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.releaseLocked()
}

func (r *registry) releaseLocked() {
	r.places--
	if r.closing != "" && r.places == 0 {
		close(r.vacant)
	}
}

// seat puts s on a reserved place. It returns why s must end at once, or
// nothing.
func (r *registry) seat(s *Seat) Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.index = len(r.seats)
	r.seats = append(r.seats, s)
	return r.closing
}

// unseat takes s away and gives its place back.
func (r *registry) unseat(s *Seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.seats) - 1
	moved := r.seats[last]
	r.seats[s.index], moved.index = moved, s.index
	r.seats[last] = nil
	r.seats = r.seats[:last]
	r.releaseLocked()
}

// close admits nobody any more and returns who is held. Who was admitted
// before and takes a seat later is ended at once, for reason.
func (r *registry) close(reason Reason) []*Seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing == "" && r.places == 0 {
		close(r.vacant)
	}
	r.closing = reason
	return append([]*Seat(nil), r.seats...)
}

// wait returns nil when all places are free after close, or ctx's error.
func (r *registry) wait(ctx context.Context) error {
	select {
	case <-r.vacant:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
