package proxy

import "github.com/prometheus/client_golang/prometheus"

// keyMetrics count fetches of the keys that routes verify tokens with.
type keyMetrics struct {
	fetches *prometheus.CounterVec
	known   *prometheus.GaugeVec
}

func newKeyMetrics(reg prometheus.Registerer) keyMetrics {
	m := keyMetrics{
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_token_key_fetches_total",
			Help: "Fetches of the key sets that tokens are verified with, by route and result.",
		}, []string{"route", "result"}),
		known: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_token_keys",
			Help: "Keys that the key set of a route had when it was fetched last.",
		}, []string{"route"}),
	}
	reg.MustRegister(m.fetches, m.known)
	return m
}

// keyCounts are those of one route.
type keyCounts struct {
	fetched, fetchFailed prometheus.Counter
	known                prometheus.Gauge
}

func (m keyMetrics) route(name string) *keyCounts {
	return &keyCounts{
		fetched:     m.fetches.WithLabelValues(name, "fetched"),
		fetchFailed: m.fetches.WithLabelValues(name, "failed"),
		known:       m.known.WithLabelValues(name),
	}
}

// note counts a fetch after which there are so many keys.
func (c *keyCounts) note(keys int, err error) {
	c.known.Set(float64(keys))
	if err != nil {
		c.fetchFailed.Inc()
		return
	}
	c.fetched.Inc()
}
