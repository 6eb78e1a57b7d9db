package proxy

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The limits that requests wait at, as metric labels.
const (
	limitNewStreams     = "new_streams"
	limitOriginRequests = "origin_requests"
)

// allRoutes is the route label of a limit that all routes share.
const allRoutes = "(all)"

// queueMetrics count what waits at limits.
type queueMetrics struct {
	length  *prometheus.GaugeVec
	waits   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newQueueMetrics(reg prometheus.Registerer) queueMetrics {
	m := queueMetrics{
		length: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_queue_length",
			Help: "Requests that wait at a limit now, by limit and route.",
		}, []string{"limit", "route"}),
		waits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_queue_waits_total",
			Help: "Requests that were over a limit, by limit, route and how their wait ended.",
		}, []string{"limit", "route", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "holdfast_queue_wait_seconds",
			Help:    "How long requests waited at a limit until they were let through, by limit.",
			Buckets: []float64{.001, .005, .02, .1, .5, 1, 2, 5, 10, 30},
		}, []string{"limit"}),
	}
	reg.MustRegister(m.length, m.waits, m.seconds)
	return m
}

// queueCounts are the counters of one queue, resolved once.
type queueCounts struct {
	length                        prometheus.Gauge
	admitted, full, timeout, gone prometheus.Counter
	seconds                       prometheus.Observer // of those admitted
}

// at resolves the counters of a limit's queue for a route.
func (m *queueMetrics) at(limit, route string) *queueCounts {
	return &queueCounts{
		length:   m.length.WithLabelValues(limit, route),
		admitted: m.waits.WithLabelValues(limit, route, "admitted"),
		full:     m.waits.WithLabelValues(limit, route, "full"),
		timeout:  m.waits.WithLabelValues(limit, route, "timeout"),
		gone:     m.waits.WithLabelValues(limit, route, "client_gone"),
		seconds:  m.seconds.WithLabelValues(limit),
	}
}

// waited counts a wait that has ended with err.
func (c *queueCounts) waited(d time.Duration, err error) {
	switch {
	case err == nil:
		c.admitted.Inc()
		c.seconds.Observe(d.Seconds())
	case errors.Is(err, errWaitOver):
		c.timeout.Inc()
	default:
		c.gone.Inc()
	}
}
