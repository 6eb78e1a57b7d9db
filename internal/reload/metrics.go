package reload

import "github.com/prometheus/client_golang/prometheus"

// result says what came of a reload. It is a metric label.
type result string

const (
	applied   result = "applied"
	unchanged result = "unchanged" // there was nothing to apply
	refused   result = "refused"
)

// Metrics counts reloads.
type Metrics struct {
	reloads map[result]prometheus.Counter
	success prometheus.Gauge
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	reloads := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_reloads_total",
		Help: "Times that the configuration was read again, by result.",
	}, []string{"result"})
	m := &Metrics{
		reloads: map[result]prometheus.Counter{},
		success: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_reload_last_success_timestamp_seconds",
			Help: "When the configuration was last read and not refused, as Unix time.",
		}),
	}
	for _, r := range []result{applied, unchanged, refused} {
		m.reloads[r] = reloads.WithLabelValues(string(r))
	}
	reg.MustRegister(reloads, m.success)
	return m
}

// ended counts a reload.
func (m *Metrics) ended(r result) {
	m.reloads[r].Inc()
	if r != refused {
		m.success.SetToCurrentTime()
	}
}
