package proxy

import (
	"net/http"
	"reflect"
)

// passage is a route's way to its origins, with all that is known of them: which are
// well, how many requests are where, who waits. It outlives the handler that has
// made it where the next one has the same route.
type passage struct {
	counts  *routeCounts
	gate    *gate // nil: open
	origins *originTransport
	asks    http.RoundTripper
}

func newPassage(r *Route, o *Options) passage {
	p := passage{
		counts:  o.Metrics.route(r.Name, r.originNames()),
		gate:    newGate(r.OriginRequests, &o.Limits, o.Metrics.queues.at(limitOriginRequests, r.Name)),
		origins: newTransport(r, o.OriginTLS),
	}
	p.asks = newOriginSet(r, &p, o)
	return p
}

// passageAfter returns the passage of r in h: that which it had in before, unless any
// setting of it is another. With a passage r takes over the URLs by which that knows
// its origins.
func (h *Handler) passageAfter(before *Handler, r *Route, o *Options) passage {
	if before == nil || before.pacing != h.pacing || before.originTLS != h.originTLS {
		return newPassage(r, o)
	}
	old := before.routes.named[r.Name]
	if old == nil || !sameWay(old.Route, *r) {
		return newPassage(r, o)
	}
	r.Origins = old.Origins
	return old.passage
}

// sameWay reports whether two routes have the same settings. Signers and tokens are
// none of a passage's business.
func sameWay(a, b Route) bool {
	if a.OriginTLS != b.OriginTLS {
		return false
	}
	a.Signer, b.Signer = nil, nil
	a.Tokens, b.Tokens = nil, nil
	a.OriginTLS, b.OriginTLS = nil, nil // what they point to changes while it is used
	return reflect.DeepEqual(a, b)
}

// paceAfter returns the pace of new streams: that of before, if it is the same.
func (h *Handler) paceAfter(before *Handler, m *Metrics) *pace {
	if before != nil && before.pacing == h.pacing {
		return before.newStreams
	}
	return h.pacing.newPace(m)
}
