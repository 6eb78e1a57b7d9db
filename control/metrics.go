package control

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// Metrics counts requests. Its methods may be called from any goroutine.
type Metrics struct {
	requests *prometheus.CounterVec // by endpoint, code
	refused  map[access.Reason]prometheus.Counter
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_control_requests_total",
			Help: "Requests to the control endpoint, by endpoint (\"unknown\" for paths that do not exist) and status code.",
		}, []string{"endpoint", "code"}),
		refused: make(map[access.Reason]prometheus.Counter),
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_control_refused_total",
		Help: "Calls of the control endpoint that were refused for who called, by reason.",
	}, []string{"reason"})
	for _, reason := range access.Reasons() {
		m.refused[reason] = refused.WithLabelValues(string(reason))
	}
	reg.MustRegister(m.requests, refused)
	return m
}

// answered counts a request.
func (m *Metrics) answered(endpoint string, status int) {
	m.requests.WithLabelValues(endpoint, strconv.Itoa(status)).Inc()
}
