package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/reload"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// metrics are those that outlive a change of settings.
type metrics struct {
	all      *prometheus.Registry
	streams  *hold.Metrics
	sockets  *websocket.Metrics
	proxy    *proxy.Metrics
	control  *control.Metrics
	reloads  *reload.Metrics
	arrivals *arrival.Metrics
}

func newMetrics(reg *prometheus.Registry) metrics {
	return metrics{
		all:      reg,
		streams:  hold.NewMetrics(reg),
		sockets:  websocket.NewMetrics(reg),
		proxy:    proxy.NewMetrics(reg),
		control:  control.NewMetrics(reg),
		reloads:  reload.NewMetrics(reg),
		arrivals: arrival.NewMetrics(reg),
	}
}
