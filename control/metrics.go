package control

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts requests. Its methods may be called from any goroutine.
type Metrics struct {
	requests *prometheus.CounterVec // by endpoint, code
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_control_requests_total",
			Help: "Requests to the control endpoint, by endpoint (\"unknown\" for paths that do not exist) and status code.",
		}, []string{"endpoint", "code"}),
	}
	reg.MustRegister(m.requests)
	return m
}

// answered counts a request.
func (m *Metrics) answered(endpoint string, status int) {
	m.requests.WithLabelValues(endpoint, strconv.Itoa(status)).Inc()
}
