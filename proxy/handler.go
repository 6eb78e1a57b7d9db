package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/woh"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/lease"
)

// drainPatience is how long the rest of a request may take to come after it
// was answered.
const drainPatience = 5 * time.Second

// logInterval is how often one reason may appear in the log.
const logInterval = 10 * time.Second

// route is a Route at work.
type route struct {
	Route
	crossSite
	passage
	prefixes [pathForms]string // PathPrefix
	forward  *httputil.ReverseProxy
	filters  *filter.Route
	pieces   *pieces            // of the handler
	ignored  prometheus.Counter // messages on WebSockets that are for nobody

	desks
	// hearsEvents: one of the origins is sent events, by this route or another.
	hearsEvents bool
}

// Handler forwards requests to the origins of their routes. It is safe for
// concurrent use.
type Handler struct {
	routes   *router
	trusted  trustedPeers
	signer   Signer
	upstream Verifier // nil: nobody is in front
	feature  string
	trace    *Trace // nil: nobody watches
	log      *zap.Logger
	unrouted *routeCounts
	limits   map[Reason]*rate.Sometimes
	holding  Holding
	head     func() channels.Position

	// Shared with the handlers whose place it takes, and that take its place.
	line       *lineage
	generation int // of them it is this one, from 0

	// linkLimit bounds the lines about links that are not answered.
	linkLimit rate.Sometimes

	// Bound once for all streams.
	gapEvent    func(dst []byte, g *channels.Gap) []byte // appendGap
	streamEnded func(hold.Reason)                        // left

	newStreams *pace // nil: as they come
	pacing     Limits
	originTLS  *tls.Config
	users      users   // requests, streams and farewells, and whoever serves with it
	quotas     *quotas // nil: none
	bodies     Bodies

	drainPatience time.Duration

	stop       context.CancelFunc // ends what is in the background
	background sync.WaitGroup
}

// New returns a Handler for o. The error names everything that is wrong with
// the routes.
func New(o Options) (*Handler, error) {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	o.Holding = o.Holding.withDefaults()
	line := newLineage(&o)
	h, err := newHandler(o, line, nil)
	if err != nil {
		return nil, err
	}
	line.begin(h)
	return h, nil
}

// newHandler makes a handler that takes the place of before, which may be nil.
func newHandler(o Options, line *lineage, before *Handler) (*Handler, error) {
	routes, err := o.compile()
	if err != nil {
		return nil, err
	}
	found, err := newRouter(routes)
	if err != nil {
		return nil, err
	}
	h := &Handler{
		routes: found, trusted: o.TrustedProxies, signer: o.Signer, upstream: o.Upstream, feature: o.Feature,
		trace: o.Trace, log: o.Log, unrouted: o.Metrics.route(noRouteName, nil), limits: line.limits,
		holding: o.Holding, drainPatience: drainPatience, head: o.Head, linkLimit: rate.Sometimes{Interval: logInterval},
		line: line, pacing: o.Limits, originTLS: o.OriginTLS, quotas: before.quotasFor(o.Quotas), bodies: o.Bodies,
	}
	h.users.first()
	h.gapEvent, h.streamEnded = h.appendGap, func(hold.Reason) { h.left() }
	h.newStreams = h.paceAfter(before, o.Metrics)
	shared := newPieces()
	for _, rt := range routes {
		rt.passage = h.passageAfter(before, &rt.Route, &o)
		h.connect(rt, &o, shared)
	}
	h.verifyTokens(before, o.Metrics)
	return h, nil
}

// routeNamed returns h's route with the name, nil if there is none. h may be nil.
func (h *Handler) routeNamed(name string) *route {
	if h == nil {
		return nil
	}
	return h.routes.named[name]
}

// connect sets rt, whose passage is known, to work.
func (h *Handler) connect(rt *route, o *Options, shared *pieces) {
	rt.filters = o.Metrics.filters.Route(rt.Name, h.log, rt.ownNames()...)
	rt.ignored = h.holding.SocketMetrics.Ignored(rt.Name)
	h.holding.Counts.Begin(rt.Name)
	rt.pieces = shared
	rt.desks = h.line.desksOf(rt.Name, o.Holding.Recovery)
	rt.forward = &httputil.ReverseProxy{
		Rewrite:        h.rewrite,
		Transport:      rt.asks,
		FlushInterval:  -1,
		BufferPool:     shared,
		ModifyResponse: h.modifyResponse,
		ErrorHandler:   h.handleError,
		ErrorLog:       log.New(io.Discard, "", 0), // note and done tell the same, with a reason
	}
}

// Close asks origins for nothing more, closes idle connections to them, also those of
// handlers whose place h has taken, and ends what is in the background.
func (h *Handler) Close() { h.line.close() }

// ServeHTTP implements http.Handler. It returns when the answer is complete,
// or when a held response is in the holder's hands. On HTTP/2 it stays until that
// has ended, with nothing on its stack: of the exchange nothing is left then.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wait := h.serve(w, r); wait != nil {
		wait()
	}
}

// serve does the work of one exchange, and returns what must be waited for after
// it, nil for nothing.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (wait func()) {
	x := &exchange{asked: r, w: newResponseWriter(w, r), route: h.routes.find(h.trusted.incomingOf(r)), counts: h.unrouted, outcome: cut}
	defer func() { x.counts.ended(r, x.outcome) }()
	h.trace.route(x.route)
	switch f := unfit(r); {
	case f != nil:
		defer h.unread(x)()
		h.refuse(x, r, f)
	case x.route == nil:
		defer h.unread(x)()
		h.refuse(x, r, &failure{NoRoute, fmt.Errorf("host %q", r.Host)})
	default:
		h.forward(x, r)
	}
	return x.wait
}

// unfit refuses what no origin is asked.
func unfit(r *http.Request) *failure {
	switch {
	case !httpguts.ValidHeaderFieldName(r.Method) || !httpguts.ValidHostHeader(r.Host): // of HTTP/2 net/http checks neither
		return &failure{BadRequest, fmt.Errorf("method %q, host %q", r.Method, r.Host)}
	case strings.Contains(r.RequestURI, "#"): // RFC 9112 §3.2
		// Servers cut it off, so routes would have been looked for by another path.
		return &failure{BadRequest, errors.New("the target has a fragment")}
	case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		// An answer to TRACE repeats what the origin was told: our signature, and the
		// keys that a route adds.
		return &failure{BadMethod, fmt.Errorf("method %s", r.Method)}
	}
	return nil
}

// forward asks the origin and relays its answer, or does as it instructs.
func (h *Handler) forward(x *exchange, r *http.Request) {
	x.counts, x.w.timeout = x.route.counts, x.route.WriteTimeout
	x.chained = h.fromProxy(r)
	if policy, asked := x.route.policy, r.Header; policy != nil {
		x.w.finish = func(answer http.Header) { policy.Complete(asked, answer) }
	}
	if answersChallenge(r) && !x.chained {
		defer h.unread(x)()
		var f *failure
		x.digest = lease.Digest(r.Header.Get(challengeField))
		if x.tenure, f = h.tenureOf(x); f != nil {
			h.refuse(x, r, f)
			return
		}
		r = asSetUp(r)
	}
	rc := http.NewResponseController(x.w)
	_ = rc.EnableFullDuplex() // the origin may answer while it still reads; HTTP/2 always can
	x.body = newRequestBody(r, x.route.passesToOrigin, func() { _ = rc.SetReadDeadline(time.Now()) })
	x.body.bound(h.bodies.of(x.route))
	if h.holding.Hub != nil && !x.chained {
		x.body.keep()
	}
	x.w.request = x.body
	r = x.bind(h.mayTunnel(x, withSafeUpgrade(r)))
	defer x.closeTunnel()
	defer h.leave(x, r)
	if h.answerForeign(x, r) {
		return
	}
	if x.holdsByToken(r) {
		h.answerByToken(x, r)
		return
	}
	if f := h.mayAsk(x, r); f != nil {
		h.refuse(x, r, f)
		return
	}
	if x.route.OverHTTP && h.takeSocket(x, r) {
		return
	}
	x.route.forward.ServeHTTP(x.w, r)
	switch {
	case x.held != nil:
		h.handOver(x, r)
	case x.w.hijacked:
		x.outcome = upgraded
	case x.failure == nil:
		x.outcome = relayed
	}
}

// mayAsk refuses what no origin is asked for.
func (h *Handler) mayAsk(x *exchange, r *http.Request) *failure {
	switch {
	case asksSocket(r) && x.body != nil:
		return &failure{BadHandshake, errBodyOfHandshake}
	case x.route.hearsEvents && !x.chained && claimsEvents(r.Header):
		return &failure{ForgedEvents, fmt.Errorf("Content-Type %s", woh.ContentType)}
	}
	return h.refuseEarly(x, r)
}

// handOver follows the instruction of an answer that was held back.
func (h *Handler) handOver(x *exchange, r *http.Request) {
	defer func() { x.held.Body.Close() }()
	follow := h.follow
	switch {
	case x.tenure != nil:
		follow = h.reauthorize
	case x.socket != nil:
		follow = h.holdSocket
	}
	for more := true; more; more = x.again {
		x.outcome, x.again = held, false
		if f := follow(x, r); f != nil {
			h.refuse(x, r, f)
		}
	}
}

// leave ends an exchange, also when a panic cuts the client's connection. If
// nobody has told why yet, the answer was cut in its body.
//
// net/http reads the rest of an HTTP/1.x request once the handler is gone. It
// is not to wait for a client that does not send it. The connection ends then:
// applyClosing has announced it.
func (h *Handler) leave(x *exchange, r *http.Request) {
	x.share.giveBack()
	if x.body.complete() || x.taken || x.outcome == upgraded { // then the connection is not ours
		x.body.release()
	} else {
		deadline := time.Now()
		if x.outcome != cut {
			deadline = deadline.Add(h.drainPatience)
		}
		x.body.stop(http.NewResponseController(x.w).SetReadDeadline, deadline)
	}
	if x.outcome == cut && x.failure == nil {
		h.note(x, r, x.cutFailure(r))
	}
	switch {
	case x.taken || x.w.hijacked:
	case x.outcome == cut:
		x.w.resetUnlessFramed()
	default:
		x.w.armEnd()
	}
}
