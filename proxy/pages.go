package proxy

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// sendPages sends a response that an origin gives in pages: an answer without a
// hold has a next link, whose answer is more of the body, and so on (GRIP: next
// link without a hold). It ends with the page that has no link, or is held from the
// page on that says so. If a page cannot be had, the client is cut off: what it has
// is not the whole. Of an event stream, which nearly always ends in a hold, the first
// page may name the user already: then who is barred is turned away while that can
// still be said.
func (h *Handler) sendPages(x *exchange, r *http.Request, in *grip.Instruction, d head, body *initialBody) *failure {
	k := &keeping{events: d.isEventStream(), in: in, next: x.links.next, farewell: h.farewell(x)}
	defer h.unlessKept(k)
	if f := h.turnAway(x, r, in, x.subscriptions(in)); f != nil && k.events {
		return f
	}
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

// holdPage holds a response from a page on, as one that begins with a hold would be.
func (h *Handler) holdPage(x *exchange, r *http.Request, k *keeping) {
	subs := x.subscriptions(k.in)
	if f := h.admitPage(x, r, k, subs); f != nil {
		h.turnBack(x, r, k, f)
		return
	}
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		h.turnBack(x, r, k, f)
		return
	}
	h.keep(ctx, x, r, k, subs)
	joined()
	h.hold(x, r, k)
}

// admitPage refuses what may not be held as the last page says. For the client's address
// it is counted already, for the user and the channels of the page it is now.
func (h *Handler) admitPage(x *exchange, r *http.Request, k *keeping, subs []channels.Subscription) *failure {
	if f := h.turnAway(x, r, k.in, subs); f != nil {
		return f
	}
	if f := x.share.become(userOf(h.clientOf(x, r, k.in).Who)); f != nil {
		return f
	}
	return x.partake(k.in)
}

// Bounds of the time, in milliseconds, for which the client of an event stream is asked
// to stay away that is barred, but can only be told so by an end: it comes back.
const (
	awayMin = 60_000
	awayMax = 120_000
)

// turnBack ends a response that may not be held, though its pages are out, for f. A
// status cannot be said any more: where the page ended between two events the client is
// told when to come back, otherwise it is cut off.
func (h *Handler) turnBack(x *exchange, r *http.Request, k *keeping, f *failure) {
	h.note(x, r, f)
	switch {
	case f.reason == ClientGone || !k.events || !k.seen.state.AtBoundary():
		x.abort()
	case f.reason == Revoked:
		x.outcome = refused
		ms := awayMin + rand.IntN(awayMax-awayMin+1)
		x.w.Write(sse.AppendEvent(nil, sse.Event{Name: hold.EndEvent, Data: `{"reason":"` + string(hold.ReasonRevoked) + `"}`, Retry: ms}))
	default:
		x.outcome = retry
		x.w.Write(sse.AppendRetry(nil, retryMin+rand.IntN(retryMax-retryMin+1)))
	}
}

// sleep waits, or until the client has left.
func sleep(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
