package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// keeperMetrics count what operators revoke.
type keeperMetrics struct {
	revoked map[live.Action]prometheus.Counter
}

// newKeeperMetrics registers the metrics, and the size of a list, with reg.
func newKeeperMetrics(reg prometheus.Registerer, list *barred.List) *keeperMetrics {
	f := promauto.With(reg)
	f.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "holdfast_barred_rules",
		Help: "Revocations by which clients are turned away now.",
	}, func() float64 { return float64(list.Len()) })
	revoked := f.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_revocations_total",
		Help: "Revocations that this node has carried out, by action.",
	}, []string{"action"})
	m := &keeperMetrics{revoked: map[live.Action]prometheus.Counter{}}
	for _, action := range live.Actions() {
		m.revoked[action] = revoked.WithLabelValues(string(action))
	}
	return m
}
