package websocket

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what only WebSockets have; the rest is counted as for all held
// responses.
type Metrics struct{ ignored *prometheus.CounterVec }

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_websocket_ignored_total",
		Help: "Messages of origins that are for nobody: they have no prefix that was agreed.",
	}, []string{"route"})}
	reg.MustRegister(m.ignored)
	return m
}

// Forget takes a route out of the metrics. Nobody counts for it any more.
func (m *Metrics) Forget(route string) { m.ignored.DeleteLabelValues(route) }

// Ignored returns the counter of a route for Options.
func (m *Metrics) Ignored(route string) prometheus.Counter { return m.ignored.WithLabelValues(route) }
