package proxy

import (
	"errors"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// sendPages sends a response that an origin gives in pages: an answer without a
// hold has a next link, whose answer is more of the body, and so on (GRIP: next
// link without a hold). It ends with the page that has no link, or is held from the
// page on that says so. If a page cannot be had, the client is cut off: what it has
// is not the whole.
func (h *Handler) sendPages(x *exchange, r *http.Request, in *grip.Instruction, d head, body *initialBody) *failure {
	k := &keeping{events: d.isEventStream(), in: in, next: x.links.next, farewell: h.farewell(x)}
	defer h.unlessKept(k)
	if f := h.enter(x, r, k); f != nil {
		return f
	}
	h.sendHead(x, r, k, d)
	var err error
	if k.seen, err = x.sendInitial(k.events, body); err != nil {
		x.abort()
	}
	for k.next != nil && k.in.Hold == grip.None {
		if err := x.w.FlushError(); err != nil {
			x.abort()
		}
		h.sendPage(x, r, k)
	}
	if k.in.Hold == grip.None {
		x.outcome = relayed
		return nil
	}
	h.holdPage(x, r, k)
	return nil
}

// sendPage sends the page behind the last one.
func (h *Handler) sendPage(x *exchange, r *http.Request, k *keeping) {
	p, err := h.insist(x, r, k)
	if err != nil {
		h.note(x, r, &failure{LinkFailed, err})
		x.abort()
	}
	k.in, k.next, k.at, k.until = p.in, p.links.next, p.at, momentAfter(p.in.Expires)
	x.filters = filter.New(p.in, x.route.filters)
	if k.events {
		k.seen.Write(p.body)
	}
	if _, err := x.w.Write(p.body); err != nil {
		x.abort()
	}
	if k.next != nil && k.in.Hold == grip.None {
		sleep(r, pause(p))
	}
}

// insist asks for a page until it has it, or nothing more can be expected.
func (h *Handler) insist(x *exchange, r *http.Request, k *keeping) (*page, error) {
	view := viewpointOf(x.held.Request)
	for failures := 1; ; failures++ {
		p, err := h.turn(r.Context(), x.route, view, k.next, x.route.seen(k.in))
		x.counts.asked(err)
		if err == nil || failures > errand.Tries || r.Context().Err() != nil || errors.As(err, new(*errPage)) {
			return p, err
		}
		sleep(r, errand.Backoff(x.route.recovery.retry, failures))
	}
}

// holdPage holds a response from a page on.
func (h *Handler) holdPage(x *exchange, r *http.Request, k *keeping) {
	if f := x.partake(k.in); f != nil {
		h.note(x, r, f)
		x.abort()
	}
	subs := x.subscriptions(k.in)
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		h.note(x, r, f)
		x.abort()
	}
	h.keep(ctx, x, r, k, subs)
	joined()
	h.hold(x, r, k)
}

// sleep waits, or until the client has left.
func sleep(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
