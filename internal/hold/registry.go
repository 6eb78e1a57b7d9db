package hold

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Registry knows who is held and how many may be. Holders that share one
// share its places, and its Drain ends what all of them hold. Its methods may
// be called from any goroutine.
type Registry struct {
	guard atomic.Pointer[Guard]

	mu      sync.Mutex // no Ender is called while held
	limit   int        // of places; 0: none
	places  int        // admitted and not yet gone, seated or not
	tickets []*Ticket
	last    uint32        // the lower half of the id given last
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

// Ticket is somebody's entry in a Registry. There is one in every stream, so it is
// small.
type Ticket struct {
	// Fixed after Enter.
	holder Ender
	// id is the second in which it was entered, in its upper half, and a number
	// which is another for each of them.
	id   uint64
	addr [16]byte // of the client, zero if it is not known

	who   atomic.Pointer[Who] // nil: nothing is known
	index int32               // in Registry.tickets; guarded by its mutex
	// refused: see Refuse. It stands here because there is room.
	refused atomic.Bool
}

// Note says whose ticket it is. It is called before Enter.
func (t *Ticket) Note(c Client) {
	if c.Addr.IsValid() {
		t.addr = c.Addr.As16()
	}
	t.who.Store(c.Who)
}

// client is what was noted.
func (t *Ticket) client() Client {
	c := Client{Who: t.who.Load()}
	if t.addr != [16]byte{} {
		c.Addr = netip.AddrFrom16(t.addr).Unmap()
	}
	return c
}

// Refuse says that whoever has the ticket may get nothing more, before he has ended.
func (t *Ticket) Refuse() { t.refused.Store(true) }

// Refused reports whether Refuse was called.
func (t *Ticket) Refused() bool { return t.refused.Load() }

// Guard looks at everybody who is entered, or identified anew, and may end him. He can
// already be found by Registry.Held as he is then, so between a guard that is set and a
// list that is looked at after that nobody slips through. It must not block.
type Guard func(h *Held)

// NewRegistry returns an empty registry of at most limit places, 0 for no
// bound.
func NewRegistry(limit int) *Registry {
	return &Registry{limit: limit, last: rand.Uint32(), vacant: make(chan struct{})}
}

// Limit allows so many places from now on, 0 for no bound. Who has one keeps it.
func (r *Registry) Limit(places int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = places
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
		return
	}
	r.inspect(t)
}

// Identify says that the client of whoever has t is who, from now on, or that it
// follows other channels. He is then looked at as a newcomer is. It may be called
// before Enter, and after Leave.
func (r *Registry) Identify(t *Ticket, who *Who) {
	t.who.Store(who)
	r.mu.Lock()
	entered := int(t.index) < len(r.tickets) && r.tickets[t.index] == t
	r.mu.Unlock()
	if entered {
		r.inspect(t)
	}
}

// inspect has the guard, if there is one, look at who has t.
func (r *Registry) inspect(t *Ticket) {
	if g := r.guard.Load(); g != nil {
		h := t.held()
		(*g)(&h)
	}
}

// SetGuard has everybody who is entered or identified from now on looked at by g.
func (r *Registry) SetGuard(g Guard) { r.guard.Store(&g) }

// add enters t and returns why it must end at once, or nothing.
func (r *Registry) add(t *Ticket) Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	t.id = uint64(time.Now().Unix())<<32 | uint64(r.last)
	t.index = int32(len(r.tickets))
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
