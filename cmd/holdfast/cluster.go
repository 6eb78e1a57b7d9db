package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// askers are who answers questions of operators.
type askers struct {
	channels roll.Asker
	streams  live.Asker
	own      live.Asker // of this node alone
}

// cluster is who answers for all nodes: without a NATS this one alone.
func (n *node) cluster(c config.NATS, streams live.Keeper, reg prometheus.Registerer) (askers, error) {
	name, err := n.name()
	if err != nil {
		return askers{}, err
	}
	own := live.Alone{Node: name, Keeper: streams}
	if !n.hasNATS(c) {
		return askers{roll.Alone{Node: name, Hub: n.hub}, own, own}, nil
	}
	n.nodes, err = nodes.New(nodes.Options{
		Access:  n.bus.access,
		Prefix:  c.Prefix,
		Name:    name,
		Hub:     n.hub,
		Streams: streams,
		Metrics: nodes.NewMetrics(reg),
		Log:     n.log.Named("nodes"),
	})
	return askers{n.nodes, n.nodes, own}, err
}

// hasNATS reports whether there is a NATS, of our own or another.
func (n *node) hasNATS(c config.NATS) bool { return len(c.URL) > 0 || n.bus.server != nil }

// name is what the node is called among others, again when it is started again:
// like its own server, or after the machine and the port for publishers, which no
// two nodes there can share.
func (n *node) name() (string, error) {
	if n.bus.server != nil {
		return n.bus.server.Name(), nil
	}
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name of this machine: %w", err)
	}
	_, port, err := net.SplitHostPort(n.ways[0].Addr().String())
	return net.JoinHostPort(host, port), err
}

// clusterHub is a hub whose channels are ended on all nodes.
type clusterHub struct {
	*channels.Hub
	end func(ctx context.Context, channel string) (streams int, err error)
}

// CloseChannel is for control.Hub. Nobody knows of all nodes who follows the
// channel, so it is always known.
func (h clusterHub) CloseChannel(ctx context.Context, name string) (streams int, known bool, err error) {
	streams, err = h.end(ctx, name)
	return streams, true, err
}
