package hold

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Held is one held response, as a Registry knows it. It may have ended meanwhile.
type Held struct {
	// ID tells it from all others of this process, those that have ended as well;
	// of one that was held earlier it is smaller, to the second.
	ID uint64
	// Since is when it was first held, to the second.
	Since time.Time
	Client
	Labels
	Facts // after Describe
	// Silent, after Describe: it has not told in time what it is doing. It is stuck in
	// a write, or has ended.
	Silent bool

	ticket *Ticket
}

// Held returns those that match wants, ordered by id: of those with a larger id
// than after the first limit. more tells whether there are others. It costs as
// much as there are responses, whatever the limit. Of what match is given the Facts
// are empty.
func (r *Registry) Held(after uint64, limit int, match func(*Held) bool) (page []Held, more bool) {
	for _, t := range r.beyond(after) {
		h := t.held()
		if !match(&h) {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, h)
	}
	return page, false
}

// beyond returns the tickets with larger ids than after, in order.
func (r *Registry) beyond(after uint64) []*Ticket {
	r.mu.Lock()
	var found []*Ticket
	for _, t := range r.tickets {
		if t.id > after {
			found = append(found, t)
		}
	}
	r.mu.Unlock()
	slices.SortFunc(found, func(a, b *Ticket) int { return cmp.Compare(a.id, b.id) })
	return found
}

// held is what the ticket tells.
func (t *Ticket) held() Held {
	h := Held{ID: t.id, Since: time.Unix(int64(t.id>>32), 0), Client: t.client(), ticket: t}
	if e, ok := t.holder.(Labelled); ok {
		h.Labels = e.Labels()
	}
	return h
}

// End ends it as reason says, unless it has ended. Any goroutine may call it.
func (h *Held) End(reason Reason) { h.ticket.end(reason) }

// Describe has tell called with what it is doing; see Describer. It returns false if
// that is never told.
func (h *Held) Describe(tell func(Facts)) bool {
	d, ok := h.ticket.holder.(Describer)
	if ok {
		d.Describe(tell)
	}
	return ok
}

// Describe asks all of page what they are doing and waits for the answers, until
// ctx ends. Those that did not answer keep empty Facts and are Silent.
func Describe(ctx context.Context, page []Held) {
	type answer struct {
		at    int
		facts Facts
	}
	answers := make(chan answer, len(page)) // nobody who answers waits
	asked := 0
	for i := range page {
		if page[i].Describe(func(f Facts) { answers <- answer{i, f} }) {
			page[i].Silent = true
			asked++
		}
	}
	for range asked {
		select {
		case a := <-answers:
			page[a.at].Facts, page[a.at].Silent = a.facts, false
		case <-ctx.Done():
			return
		}
	}
}
