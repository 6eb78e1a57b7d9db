package proxy

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// leaseMetrics count how streams that expire are renewed.
type leaseMetrics struct{ challenges, renewals *prometheus.CounterVec }

func newLeaseMetrics(reg prometheus.Registerer) leaseMetrics {
	f := promauto.With(reg)
	return leaseMetrics{
		challenges: f.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_challenges_total",
			Help: "Streams that were asked for new credentials, by route.",
		}, []string{"route"}),
		renewals: f.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_reauthorizations_total",
			Help: "Answers of clients that were asked for new credentials, by route and result.",
		}, []string{"route", "result"}),
	}
}

// leaseCounts are the counters of one route, resolved once.
type leaseCounts struct {
	challenges prometheus.Counter
	renewals   map[renewal]prometheus.Counter
}

func (m *leaseMetrics) route(name string) leaseCounts {
	c := leaseCounts{challenges: m.challenges.WithLabelValues(name), renewals: map[renewal]prometheus.Counter{}}
	for _, result := range renewals() {
		c.renewals[result] = m.renewals.WithLabelValues(name, string(result))
	}
	return c
}
