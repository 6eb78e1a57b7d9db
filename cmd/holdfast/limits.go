package main

import (
	"net"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// quotas bound what one client, user or channel has.
func quotas(c config.Limits) proxy.Quotas {
	return proxy.Quotas{PerAddress: c.StreamsPerAddress, PerUser: c.StreamsPerUser, PerChannel: c.StreamsPerChannel}
}

// bodies bound the bodies of clients' requests.
func bodies(c config.Server) proxy.Bodies {
	return proxy.Bodies{Max: int64(c.MaxBody), Patience: c.BodyTimeout, Rate: int64(c.BodyRate)}
}

// clientListener returns what wraps the listeners for clients: at the door it is seen
// who comes, and what is let in can be held.
func (n *node) clientListener(cfg config.Config, log *zap.Logger) func(net.Listener) net.Listener {
	n.door = arrival.New(arrival.Options{
		Trusted:       cfg.TrustedProxies,
		Proxied:       cfg.ProxyProtocol,
		HeaderTimeout: cfg.Server.HeaderTimeout,
		PerAddress:    cfg.Limits.ConnectionsPerAddress,
		Metrics:       n.metrics.arrivals,
		Log:           log,
	})
	return func(l net.Listener) net.Listener { return hold.Listen(n.door.Listen(l)) }
}
