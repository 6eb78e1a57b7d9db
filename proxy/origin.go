package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"golang.org/x/net/http/httpguts"
)

// originSet is the RoundTripper of a route.
type originSet struct {
	pool      *pool
	patience  time.Duration // for an origin that takes nothing of a body; 0: any
	transport http.RoundTripper
	gate      *gate // nil: open
	head      func() channels.Position
	asking    func() // may be nil
	counts    *routeCounts
	trace     *Trace // may be nil
}

// newOriginSet returns the RoundTripper of a route whose passage is p so far.
func newOriginSet(r *Route, p *passage, o *Options) *originSet {
	return &originSet{
		pool: newPool(r, o.Limits.Queue, p.counts.origins), patience: r.ResponseHeaderTimeout, transport: p.origins,
		gate: p.gate, head: o.Head, asking: o.Asking, counts: p.counts, trace: o.Trace,
	}
}

// RoundTrip asks the origins when it is the request's turn. All its errors are
// *failure.
func (o *originSet) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req)
	if f := heldBack(OriginBusy, o.gate.enter(req.Context())); f != nil {
		return nil, f
	}
	defer o.gate.leave()
	o.counts.pending.Inc()
	defer o.counts.pending.Dec()
	return o.askInTurn(req, x)
}

// askInTurn asks one origin, and others where nobody can have acted on the request
// or acting twice does no harm (see again).
func (o *originSet) askInTurn(req *http.Request, x *exchange) (*http.Response, error) {
	if o.asking != nil {
		o.asking()
	}
	var last *failure
	for a := (again{tried: o.pool.others(x.only)}); ; {
		b, err := o.pool.take(req.Context(), a.tried)
		if err != nil {
			return nil, or(last, takeFailure(err))
		}
		if last != nil {
			o.counts.retries.Inc()
		}
		resp, f := o.ask(x, req, b, a.broken)
		if f == nil {
			return resp, nil
		}
		last = a.note(b, f)
		if !a.allowed(req, x, f) {
			return nil, last
		}
	}
}

// ask asks one origin, whose place it gives back when the answer has been read. anew:
// what broke a connection that was idle may break the others.
func (o *originSet) ask(x *exchange, req *http.Request, b *backend, anew bool) (*http.Response, *failure) {
	req, up := watchUptake(toward(x.follow(req.Context(), anew), req, b.url), o.patience)
	o.trace.ask(b.url, req)
	resp, err := o.transport.RoundTrip(req)
	o.trace.answer(resp, err)
	if err == nil {
		err = refuseSwitch(req, resp)
	}
	if err != nil {
		o.pool.free(b)
		f := &failure{classify(req.Context(), x, err), err}
		up.stop(nil)
		b.counts.results[f.reason].Inc()
		if f.reason.byOrigin() {
			o.pool.failed(b)
		}
		return nil, f
	}
	x.at = o.head() // before anything else: invariant "no hole at the start"
	x.body.answered()
	b.counts.answered.Inc()
	o.pool.answered(b)
	resp.Body = o.pool.placed(resp.Body, b)
	up.stop(resp)
	return resp, nil
}

// refuseSwitch closes the connection of an answer that switches to another
// protocol than req asks for, which ReverseProxy would leave open, and tells why.
func refuseSwitch(req *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil
	}
	asked, got := upgradeOf(req.Header), upgradeOf(resp.Header)
	if got != "" && strings.EqualFold(asked, got) {
		return nil
	}
	resp.Body.Close()
	return fmt.Errorf("the answer switches to protocol %q, the request asks for %q", got, asked)
}

// upgradeOf is the protocol that a message is to be followed by (RFC 9110 §7.8),
// empty if there is none.
func upgradeOf(h http.Header) string {
	if !httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade") {
		return ""
	}
	return h.Get("Upgrade")
}

// toward returns a copy of req, with ctx, for origin.
func toward(ctx context.Context, req *http.Request, origin *url.URL) *http.Request {
	out := req.WithContext(ctx)
	u := *req.URL
	u.Scheme, u.Host = origin.Scheme, origin.Host
	out.URL = &u
	return out
}

// classify finds the reason of a failed round trip. What goes wrong before a connection
// is asked for, or is said to be too large, is the request's fault: no client may make
// an origin rest by that.
func classify(ctx context.Context, x *exchange, err error) Reason {
	var notConnected *connectError
	var timeout net.Error
	switch {
	case errors.Is(context.Cause(ctx), errNotTaken):
		return OriginTimeout
	case x.body.abandoned():
		return OriginBroken // whatever became of the context then
	case x.body.exceeded() != nil:
		return x.body.exceeded().reason // likewise
	case ctx.Err() != nil:
		return ClientGone
	case x.body.clientError() != nil:
		return BadRequestBody
	case errors.As(err, &timeout) && timeout.Timeout():
		return OriginTimeout
	case errors.As(err, &notConnected):
		return OriginUnreachable
	case !x.attempt.sought:
		return BadRequest
	case isHeadTooLarge(err):
		return HeadTooLarge
	default:
		return OriginBroken
	}
}
