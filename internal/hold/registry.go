package hold

import (
	"context"
	"sync"
	"time"
)

// Registry knows who is held and how many may be. Holders that share one
// share its places, and its Drain ends what all of them hold. Its methods may
// be called from any goroutine.
type Registry struct {
	limit int // 0: none

	mu      sync.Mutex // no Ender is called while held
	places  int        // admitted and not yet gone, seated or not
	tickets []*Ticket
	closing Reason        // why newcomers are ended at once; empty: they are not
	vacant  chan struct{} // closed when places is 0 while closing
}

// Ender is what a Registry knows of who is held.
type Ender interface {
	// End is called, perhaps more than once and from any goroutine, when the
	// response should end cleanly because the holder ends. It must not block.
	End(reason Reason)
}

// cutter is an Ender that can be ended without regard for its client.
type cutter interface{ CutOff(reason Reason) }

// Ticket is somebody's entry in a Registry.
type Ticket struct {
	holder Ender
	index  int // in Registry.tickets; guarded by its mutex
}

// NewRegistry returns an empty registry of at most limit places, 0 for no
// bound.
func NewRegistry(limit int) *Registry {
	return &Registry{limit: limit, vacant: make(chan struct{})}
}

// Admit reserves a place, as Holder.Admit says.
func (r *Registry) Admit() error {
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

// Release gives a place back that nobody was entered for.
func (r *Registry) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.releaseLocked()
}

func (r *Registry) releaseLocked() {
	r.places--
	if r.closing != "" && r.places == 0 {
		close(r.vacant)
	}
}

// Enter puts e, whose ticket is t, on a reserved place. It ends e at once if
// the registry is closing.
func (r *Registry) Enter(t *Ticket, e Ender) {
	t.holder = e
	if reason := r.add(t); reason != "" {
		t.end(reason)
	}
}

// add enters t and returns why it must end at once, or nothing.
func (r *Registry) add(t *Ticket) Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.index = len(r.tickets)
	r.tickets = append(r.tickets, t)
	return r.closing
}

// end ends who has the ticket, at once if the reason leaves no time.
func (t *Ticket) end(reason Reason) {
	if c, ok := t.holder.(cutter); ok && reason == ReasonShutdown {
		c.CutOff(reason)
		return
	}
	t.holder.End(reason)
}

// Leave undoes Enter and gives the place back.
func (r *Registry) Leave(t *Ticket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.tickets) - 1
	moved := r.tickets[last]
	r.tickets[t.index], moved.index = moved, t.index
	r.tickets[last] = nil
	r.tickets = r.tickets[:last]
	r.releaseLocked()
}

// cutOffTime is how long Drain waits for the ends of those whom it has cut off.
const cutOffTime = time.Second

// Drain is Holder.Drain.
func (r *Registry) Drain(ctx context.Context, window time.Duration) error {
	spread(ctx, r.close(ReasonDrain), window)
	err := r.wait(ctx)
	if err != nil {
		r.CutOff()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutOffTime)
		defer cancel()
		r.wait(late)
	}
	return err
}

// CutOff ends everything that is held at once, and whoever enters later.
func (r *Registry) CutOff() {
	for _, t := range r.close(ReasonShutdown) {
		t.end(ReasonShutdown)
	}
}

// Wait returns when all places are free. It is called after Drain or CutOff.
func (r *Registry) Wait() { <-r.vacant }

// close admits nobody any more and returns who is held. Who was admitted
// before and enters later is ended at once, for reason.
func (r *Registry) close(reason Reason) []*Ticket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing == "" && r.places == 0 {
		close(r.vacant)
	}
	r.closing = reason
	return append([]*Ticket(nil), r.tickets...)
}

// wait returns nil when all places are free after close, or ctx's error.
func (r *Registry) wait(ctx context.Context) error {
	select {
	case <-r.vacant:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
