package proxy

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/prometheus/client_golang/prometheus"
)

// noRouteName is the route label of requests that have no route.
const noRouteName = "(none)"

// Metrics counts what the proxy does. All labels are bounded: routes come
// from the configuration, everything else is enumerated in this package.
type Metrics struct {
	requests *prometheus.CounterVec
	origins  *originMetrics
	failures *prometheus.CounterVec
	polls    *prometheus.CounterVec
	pollGaps *prometheus.CounterVec
	hints    *prometheus.CounterVec
	recovery recoveryMetrics
	filters  *filter.Metrics
	pending  *prometheus.GaugeVec
	queues   queueMetrics
	accepts  *prometheus.CounterVec
	leases   leaseMetrics
	keys     keyMetrics
}

// NewMetrics registers the proxy's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_requests_total",
			Help: "Client requests by route, HTTP version and how they ended.",
		}, []string{"route", "protocol", "outcome"}),
		origins: newOriginMetrics(reg),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_request_failures_total",
			Help: "Client requests that did not get the origin's whole answer, by route and reason.",
		}, []string{"route", "reason"}),
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_polls_total",
			Help: "Held requests that waited for one response, by route and how the wait ended.",
		}, []string{"route", "result"}),
		pollGaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_poll_gaps_total",
			Help: "Held requests whose prev-id left something unknown, or whose order ended, by route and reason.",
		}, []string{"route", "reason"}),
		hints: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_poll_hints_total",
			Help: "Hint actions that reached held requests.",
		}, []string{"route"}),
		filters: filter.NewMetrics(reg),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_origin_requests_pending",
			Help: "Requests that wait for the head of an origin's answer now, by route.",
		}, []string{"route"}),
		queues: newQueueMetrics(reg),
		accepts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_accept_errors_total",
			Help: "Times that no connection could be accepted, by reason.",
		}, []string{"reason"}),
	}
	m.recovery = newRecoveryMetrics(reg)
	m.leases = newLeaseMetrics(reg)
	m.keys = newKeyMetrics(reg)
	reg.MustRegister(m.requests, m.failures, m.polls, m.pollGaps, m.hints, m.pending, m.accepts)
	return m
}

// forget takes a route out of all metrics. Who still counts for it is not seen.
func (m *Metrics) forget(route string) {
	of := prometheus.Labels{"route": route}
	vectors := []interface{ DeletePartialMatch(prometheus.Labels) int }{
		m.requests, m.failures, m.polls, m.pollGaps, m.hints, m.pending,
		m.recovery.recoveries, m.recovery.requests, m.recovery.gone,
		m.origins.requests, m.origins.active, m.origins.up, m.origins.retries,
		m.queues.length, m.queues.waits, m.leases.challenges, m.leases.renewals, m.keys.fetches, m.keys.known,
	}
	for _, v := range vectors {
		v.DeletePartialMatch(of)
	}
	m.filters.Forget(route)
}

// accepting resolves the counters of a listener. m may be nil, which counts
// nothing.
func (m *Metrics) accepting() map[acceptTrouble]prometheus.Counter {
	if m == nil {
		m = NewMetrics(prometheus.NewRegistry())
	}
	counts := map[acceptTrouble]prometheus.Counter{}
	for _, trouble := range acceptTroubles() {
		counts[trouble] = m.accepts.WithLabelValues(string(trouble))
	}
	return counts
}

// routeCounts are the counters of one route, resolved once.
type routeCounts struct {
	route    string // the label
	requests map[requestLabels]prometheus.Counter
	origins  []*originCounts // in the order of the route's origins
	retries  prometheus.Counter
	failures map[Reason]prometheus.Counter
	polls    map[pollResult]prometheus.Counter
	pollGaps map[channels.Reason]prometheus.Counter
	hints    prometheus.Counter
	pending  prometheus.Gauge
	recoveryCounts
	leaseCounts
}

// pollResult says how the wait of a response hold ended.
type pollResult string

const (
	pollAnswered pollResult = "answered" // by a published response
	pollTimedOut pollResult = "timeout"
	pollDrained  pollResult = "drained"
	pollGone     pollResult = "client_gone"
	pollBroken   pollResult = "bad_patch"
	pollRevoked  pollResult = "revoked"
	pollRepeated pollResult = "repeated" // the origin was asked again, and answered
)

type requestLabels struct {
	protocol string
	outcome  outcome
}

// route resolves the counters of a route with these origins.
func (m *Metrics) route(name string, origins []string) *routeCounts {
	c := &routeCounts{
		route:    name,
		requests: map[requestLabels]prometheus.Counter{},
		retries:  m.origins.retries.WithLabelValues(name),
		failures: map[Reason]prometheus.Counter{},
		polls:    map[pollResult]prometheus.Counter{},
		pollGaps: map[channels.Reason]prometheus.Counter{},
		hints:    m.hints.WithLabelValues(name),
		pending:  m.pending.WithLabelValues(name),

		recoveryCounts: m.recovery.route(name),
		leaseCounts:    m.leases.route(name),
	}
	for _, result := range []pollResult{pollAnswered, pollTimedOut, pollDrained, pollGone, pollBroken, pollRevoked, pollRepeated} {
		c.polls[result] = m.polls.WithLabelValues(name, string(result))
	}
	for _, reason := range gapReasons() {
		c.pollGaps[reason] = m.pollGaps.WithLabelValues(name, string(reason))
	}
	for _, reason := range reasons() {
		c.failures[reason] = m.failures.WithLabelValues(name, string(reason))
	}
	for _, origin := range origins {
		c.origins = append(c.origins, m.origins.origin(name, origin))
	}
	for _, protocol := range []string{"1.0", "1.1", "2", "3"} {
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
	case r.ProtoMajor >= 3:
		protocol = "3"
	case r.ProtoMajor == 2:
		protocol = "2"
	case r.ProtoMinor == 0:
		protocol = "1.0"
	}
	c.requests[requestLabels{protocol, end}].Inc()
}
