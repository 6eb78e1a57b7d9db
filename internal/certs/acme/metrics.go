package acme

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts certificates that were asked for. Labels are the names of the
// configuration.
type Metrics struct{ orders *prometheus.CounterVec }

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return &Metrics{promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_acme_orders_total",
		Help: "Certificates asked for by ACME, by host name and what became of it.",
	}, []string{"domain", "result"})}
}

// result says what became of an order. It is a metric label.
type result string

const (
	obtained result = "obtained"
	failed   result = "failed" // it will be tried again
)

// domain resolves the counters of a name.
func (m *Metrics) domain(name string) map[result]prometheus.Counter {
	return map[result]prometheus.Counter{
		obtained: m.orders.WithLabelValues(name, string(obtained)),
		failed:   m.orders.WithLabelValues(name, string(failed)),
	}
}
