package proxy

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// noRouteName is the route label of requests that have no route.
const noRouteName = "(none)"

// Metrics counts what the proxy does. All labels are bounded: routes come
// from the configuration, everything else is enumerated in this package.
type Metrics struct {
	requests *prometheus.CounterVec
	origins  *prometheus.CounterVec
	failures *prometheus.CounterVec
}

// NewMetrics registers the proxy's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_requests_total",
			Help: "Client requests by route, HTTP version and how they ended.",
		}, []string{"route", "protocol", "outcome"}),
		origins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_origin_requests_total",
			Help: "Attempts to ask an origin, by route and result.",
		}, []string{"route", "result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_request_failures_total",
			Help: "Client requests that did not get the origin's whole answer, by route and reason.",
		}, []string{"route", "reason"}),
	}
	reg.MustRegister(m.requests, m.origins, m.failures)
	return m
}

// routeCounts are the counters of one route, resolved once.
type routeCounts struct {
	route    string // the label
	requests map[requestLabels]prometheus.Counter
	answered prometheus.Counter
	origins  map[Reason]prometheus.Counter
	failures map[Reason]prometheus.Counter
}

type requestLabels struct {
	protocol string
	outcome  outcome
}

// route resolves the counters of a route.
func (m *Metrics) route(name string) *routeCounts {
	c := &routeCounts{
		route:    name,
		requests: map[requestLabels]prometheus.Counter{},
		answered: m.origins.WithLabelValues(name, "answered"),
		origins:  map[Reason]prometheus.Counter{},
		failures: map[Reason]prometheus.Counter{},
	}
	for _, reason := range reasons() {
		c.failures[reason] = m.failures.WithLabelValues(name, string(reason))
	}
	for _, reason := range []Reason{ClientGone, BadRequestBody, OriginTimeout, OriginUnreachable, OriginBroken} {
		c.origins[reason] = m.origins.WithLabelValues(name, string(reason))
	}
	for _, protocol := range []string{"1.0", "1.1", "2"} {
		for _, end := range outcomes() {
			c.requests[requestLabels{protocol, end}] = m.requests.WithLabelValues(name, protocol, string(end))
		}
	}
	return c
}

// ended counts a request.
func (c *routeCounts) ended(r *http.Request, end outcome) {
	protocol := "1.1"
	switch {
	case r.ProtoMajor >= 2:
		protocol = "2"
	case r.ProtoMinor == 0:
		protocol = "1.0"
	}
	c.requests[requestLabels{protocol, end}].Inc()
}
