package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/zmq"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// zmqSource opens the endpoints for ZeroMQ. It returns nil if there are none. What
// is pushed comes to this node alone, and goes to others as what comes over HTTP
// does; what is published comes to every node by itself.
func (n *node) zmqSource(cfg config.Config, pushed, published *intake.Intake, reg *prometheus.Registry) (*zmq.Source, error) {
	if !cfg.ZMQ.Enabled() {
		return nil, nil
	}
	source, err := zmq.New(zmq.Options{
		Pull:       cfg.ZMQ.Pull,
		Sub:        cfg.ZMQ.Sub,
		Pushed:     pushed,
		Published:  published,
		MaxMessage: int64(cfg.Control.MaxBody),
		Metrics:    zmq.NewMetrics(reg),
		Log:        n.log.Named("zmq"),
	})
	if err != nil {
		return nil, unheard(err)
	}
	return source, nil
}
