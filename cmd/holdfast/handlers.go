package main

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// equip returns o with the node's parts.
func (n *node) equip(o proxy.Options) proxy.Options {
	o.Holding.Hub, o.Holding.Holder, o.Head = n.hub, n.holder, n.hub.Head
	o.Holding.Barred, o.Holding.Leases = n.kept.barred, n.kept.leases
	if n.hasNATS(n.settings.Load().NATS) {
		o.Holding.Elsewhere = n.elsewhere
	}
	o.Holding.SocketOptions = hold.DefaultSocketOptions()
	o.Holding.Counts, o.Holding.SocketMetrics = n.metrics.streams, n.metrics.sockets
	if n.bus.stream != nil {
		o.Asking = n.bus.stream.Refresh
	}
	o.Metrics, o.Log = n.metrics.proxy, n.log.Named("proxy")
	return o
}

// controlHandler makes the handler of the control endpoint.
func (n *node) controlHandler(cfg config.Config) http.Handler {
	return control.New(control.Options{
		Hub:            n.operated(),
		Cluster:        n.peers.channels,
		Streams:        n.peers.streams,
		OwnStreams:     n.peers.own,
		Intake:         n.intake,
		Recover:        n.front.Recover,
		Reload:         n.reload,
		Access:         n.access,
		FastlyServices: cfg.Control.FastlyServices,
		MaxBody:        int64(cfg.Control.MaxBody),
		Profiling:      cfg.Control.Pprof,
		NotReady:       n.notReady,
		Gatherer:       n.metrics.all,
		Metrics:        n.metrics.control,
		Log:            n.log.Named("control"),
	})
}
