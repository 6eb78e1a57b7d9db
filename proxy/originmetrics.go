package proxy

import "github.com/prometheus/client_golang/prometheus"

// originMetrics counts what happens at single origins. The labels come from the
// configuration.
type originMetrics struct {
	requests *prometheus.CounterVec
	active   *prometheus.GaugeVec
	up       *prometheus.GaugeVec
	retries  *prometheus.CounterVec
}

func newOriginMetrics(reg prometheus.Registerer) *originMetrics {
	m := &originMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_origin_requests_total",
			Help: "Attempts to ask an origin, by route, origin and result.",
		}, []string{"route", "origin", "result"}),
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_origin_requests_active",
			Help: "Requests under way at an origin, tunnels included.",
		}, []string{"route", "origin"}),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_origin_up",
			Help: "1, or 0 after a failed request until one is answered: the origin is tried last.",
		}, []string{"route", "origin"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_origin_retries_total",
			Help: "Requests that were sent again, to another origin or to the same, by route.",
		}, []string{"route"}),
	}
	reg.MustRegister(m.requests, m.active, m.up, m.retries)
	return m
}

// originCounts are the metrics of one origin of one route, resolved once.
type originCounts struct {
	answered prometheus.Counter
	results  map[Reason]prometheus.Counter // of requests that were not answered
	active   prometheus.Gauge
	up       prometheus.Gauge
}

// origin resolves the metrics of an origin.
func (m *originMetrics) origin(route, origin string) *originCounts {
	c := &originCounts{
		answered: m.requests.WithLabelValues(route, origin, "answered"),
		results:  map[Reason]prometheus.Counter{},
		active:   m.active.WithLabelValues(route, origin),
		up:       m.up.WithLabelValues(route, origin),
	}
	for _, reason := range []Reason{ClientGone, BadRequest, HeadTooLarge, BadRequestBody, RequestTooLarge, SlowRequest, OriginTimeout, OriginUnreachable, OriginBroken} {
		c.results[reason] = m.requests.WithLabelValues(route, origin, string(reason))
	}
	return c
}

// forget takes an origin of a route out of the metrics.
func (m *originMetrics) forget(route, origin string) {
	of := prometheus.Labels{"route": route, "origin": origin}
	m.requests.DeletePartialMatch(of)
	m.active.DeletePartialMatch(of)
	m.up.DeletePartialMatch(of)
}

// originNames are the labels of a route's origins.
func (r *Route) originNames() []string {
	hosts := map[string]int{}
	for _, u := range r.Origins {
		hosts[u.Host]++
	}
	names := make([]string, len(r.Origins))
	for i, u := range r.Origins {
		if names[i] = u.Host; hosts[u.Host] > 1 {
			names[i] = u.Scheme + "://" + u.Host
		}
	}
	return names
}
