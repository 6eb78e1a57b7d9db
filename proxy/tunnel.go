package proxy

import (
	"context"
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// tunnel is a request that may become one: it asks for another protocol. A tunnel
// has a place in the holder, which ends it in its turn when it drains; the server
// does not, for it would end all of them at once.
type tunnel struct {
	holder hold.Holder // nil: there is none, and the server ends it
	client hold.Client
	route  string
	cancel context.CancelFunc // ends the exchange with the origin
	detach func() bool        // makes the client's request end no longer do that
	seat   *hold.Seat         // nil: it has not become one
}

// mayTunnel returns r with a context of its own, if it asks for another protocol.
func (h *Handler) mayTunnel(x *exchange, r *http.Request) *http.Request {
	if r.Header.Get("Upgrade") == "" || h.holding.Holder == nil {
		return r
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	x.tunnel = &tunnel{
		holder: h.holding.Holder, client: h.clientOf(x, r, nil), route: x.route.Name,
		cancel: cancel, detach: context.AfterFunc(r.Context(), cancel),
	}
	return r.WithContext(ctx)
}

// openTunnel gives the tunnel its place.
func (h *Handler) openTunnel(x *exchange) *failure {
	if x.tunnel == nil {
		return nil
	}
	if f := h.turnAwayFrom(x.route, x.tunnel.client.Who, nil); f != nil {
		return f
	}
	if f := h.admit(x, x.asked, &grip.Instruction{}); f != nil {
		return f
	}
	x.tunnel.detach()
	x.tunnel.seat = h.holding.Holder.Attach(nil, x.tunnel)
	return nil
}

// closeTunnel gives the place back. x may have no tunnel.
func (x *exchange) closeTunnel() {
	if x.tunnel == nil {
		return
	}
	x.tunnel.cancel()
	x.tunnel.detach()
	if x.tunnel.seat != nil {
		x.tunnel.holder.Detach(x.tunnel.seat)
	}
}

// Kick implements hold.Waiter. There is no news for a tunnel.
func (t *tunnel) Kick() {}

// Identity implements hold.Known.
func (t *tunnel) Identity() hold.Client { return t.client }

// Labels implements hold.Labelled.
func (t *tunnel) Labels() hold.Labels { return hold.Labels{Route: t.route, Protocol: "tunnel"} }

// End implements hold.Waiter. What goes through is not ours to read, so there is
// no place where it could end better than anywhere else.
func (t *tunnel) End(hold.Reason) { t.cancel() }
