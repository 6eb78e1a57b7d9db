package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/zmq"
	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/engine"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/reload"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// node is the parts of one Holdfast process.
type node struct {
	// Fixed after newNode.
	log     *zap.Logger
	metrics metrics
	hub     *channels.Hub
	places  *hold.Registry // of holder
	holder  hold.Holder
	front   *proxy.Front
	clients *proxy.Server
	door    *arrival.Door // of clients; nil: open
	kept    *keeper       // what holder holds
	tls     *material
	intake  *intake.Intake // what comes over HTTP
	peers   askers
	control *http.Server
	ways    []net.Listener // of control
	bus     bus
	nats    *nats.Source // nil: not configured
	relay   *nats.Relay  // nil: what comes over HTTP stays here, or a stream has it
	nodes   *nodes.Nodes // nil: no NATS is configured
	zmq     *zmq.Source  // nil: not configured

	// Set by newNode and take, at any time.
	settings  atomic.Pointer[config.Config] // those that hold
	layout    layout
	access    *access.Checker // for who calls newNode and take
	operators swapped         // the handler of control

	// Set before run. Nil: the settings are not read again.
	reload func() (reload.Outcome, error)

	// Set by run, read by readiness checks.
	draining atomic.Bool
}

// newNode builds a node and opens its listeners, so that an address that is
// taken is found before anything starts. Nobody is served before run.
func newNode(cfg config.Config, log *zap.Logger) (*node, error) {
	reg := prometheus.NewRegistry()
	collectProcess(reg)
	n := &node{log: log, metrics: newMetrics(reg)}
	n.settings.Store(&cfg)
	n.layout.need(wireOptions(cfg))
	var err error
	if n.bus, err = newBus(cfg, &n.layout, reg, log.Named("nats")); err != nil {
		return nil, err
	}
	if err = n.build(cfg, reg); err != nil {
		n.closeListeners()
		n.bus.end()
		return nil, err
	}
	return n, nil
}

// build makes the parts that stand on the bus.
func (n *node) build(cfg config.Config, reg *prometheus.Registry) error {
	if err := n.listenControl(cfg.Control.Listen); err != nil {
		return err
	}
	n.hub = n.newHub(cfg.Channels)
	reg.MustRegister(control.NewCollector(n.hub.Stats))
	options, err := proxyOptions(cfg)
	if err != nil {
		return err
	}
	if n.tls, err = newMaterial(cfg, options.Routes, reg, n.log.Named("tls")); err != nil {
		return err
	}
	n.places = hold.NewRegistry(maxStreams(cfg.MaxStreams, fileLimit()))
	n.kept = newKeeper(n.places, reg, n.log.Named("streams"))
	n.holder, err = newHolder(cfg.Hold, hold.Options{
		Registry: n.places,
		Sockets:  socketOptions(cfg.Hold.Sockets),
		Metrics:  n.metrics.streams,
		Log:      n.log.Named("hold"),
	})
	if err != nil {
		return err
	}
	if n.front, err = proxy.NewFront(n.equip(options)); err != nil {
		return err
	}
	n.kept.front = n.front
	here, counts := n.publisher(), intake.NewMetrics(reg)
	if cfg.NATS.Relayed() {
		n.relay = nats.NewRelay(here)
	}
	in := intake.New(intake.Options{Publisher: here, Metrics: counts})
	if n.nats, err = n.natsSource(cfg.NATS, in, reg); err != nil {
		return err
	}
	heard := in // what every node hears by itself
	if n.relay != nil {
		in = intake.New(intake.Options{Publisher: n.relay, Metrics: counts})
	}
	if n.zmq, err = n.zmqSource(cfg, in, heard, reg); err != nil {
		return err
	}
	n.intake = in
	if n.peers, err = n.cluster(cfg.NATS, n.kept, reg); err != nil {
		return err
	}
	if n.access, err = controlAccess(cfg.Control, nil); err != nil {
		return err
	}
	n.operators.set(n.controlHandler(cfg))
	n.control = controlServer(cfg.Server, &n.operators, n.log.Named("control"))
	n.control.TLSConfig = n.tls.control
	return n.listen(cfg)
}

// newHub makes the hub, which the stream feeds if there is one.
func (n *node) newHub(c config.Channels) *channels.Hub {
	options := hubOptions(c)
	if n.bus.stream == nil {
		return channels.NewHub(options)
	}
	options.Feed = n.bus.stream
	hub := channels.NewHub(options)
	n.bus.stream.Attach(hub)
	return hub
}

// publisher is where what is published goes, but for what is relayed before.
func (n *node) publisher() intake.Publisher {
	if n.bus.stream != nil {
		return n.bus.stream
	}
	return laidOut{n.hub, &n.layout}
}

// operated is what operators look at and act on.
func (n *node) operated() control.Hub {
	if n.bus.stream != nil {
		return clusterHub{n.hub, n.bus.stream.End}
	}
	if n.relay != nil {
		return clusterHub{n.hub, n.relay.End}
	}
	return n.hub
}

// newHolder makes the holder that is configured.
func newHolder(c config.Hold, o hold.Options) (hold.Holder, error) {
	if c.Engine == config.HoldGoroutines {
		return hold.New(o), nil
	}
	return engine.New(engine.Options{Options: o})
}

// natsSource returns nil if no NATS is configured.
func (n *node) natsSource(c config.NATS, in *intake.Intake, reg *prometheus.Registry) (*nats.Source, error) {
	if !n.hasNATS(c) {
		return nil, nil
	}
	options := nats.Options{
		Access:  n.bus.access,
		Prefix:  c.Prefix,
		Stored:  n.bus.stream != nil,
		Intake:  in,
		Relay:   n.relay,
		Metrics: nats.NewMetrics(reg),
		Log:     n.log.Named("nats"),
	}
	if !options.Stored {
		options.Interrupt = n.hub.Interrupt
	}
	return nats.New(options)
}

// notReady tells why no new streams should be sent here.
func (n *node) notReady() []string {
	var reasons []string
	if n.draining.Load() {
		reasons = append(reasons, "draining: the process is ending")
	}
	reasons = append(reasons, n.bus.notReady()...)
	if n.nats != nil && len(reasons) == 0 {
		reasons = n.nats.NotReady()
	}
	return reasons
}

// run serves until ctx ends, then drains, and returns when everything has
// ended. The error says which part broke.
func (n *node) run(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	listening, deafen := context.WithCancel(working)
	failed := make(chan error, 7+len(n.ways))
	var parts, servers sync.WaitGroup
	parts.Go(func() { failed <- n.holder.Run(working) })
	parts.Go(func() { failed <- n.tls.run(working) })
	parts.Go(func() { n.hub.Run(working) })
	if n.bus.stream != nil {
		parts.Go(func() { failed <- n.bus.stream.Run(working) })
	}
	if n.nodes != nil {
		parts.Go(func() { failed <- n.nodes.Run(working) })
	}
	servers.Go(func() { failed <- n.clients.Serve() })
	for _, l := range n.ways {
		servers.Go(func() { failed <- n.serveControl(l) })
	}
	if n.nats != nil {
		servers.Go(func() { failed <- n.nats.Run(listening) })
	}
	if n.zmq != nil {
		servers.Go(func() { failed <- n.zmq.Run(listening) })
	}
	n.announce()
	var err error
	select {
	case <-ctx.Done():
		n.end()
	case err = <-failed:
	}
	n.control.Close()
	deafen()
	n.check("closing", n.clients.Close())
	servers.Wait()
	n.hub.Close()
	stop()
	parts.Wait()
	n.bus.end()
	n.front.Close()
	return err
}

func (n *node) serveControl(l net.Listener) error {
	serve := n.control.Serve
	if n.control.TLSConfig != nil {
		serve = func(l net.Listener) error { return n.control.ServeTLS(l, "", "") }
	}
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// patience is how long requests under way may still take when the drain window
// is over.
const patience = 10 * time.Second

// farewellTime is how much of that is left for telling origins of those who were
// held to the last moment.
const farewellTime = 3 * time.Second

// end drains: /readyz says no, then the listeners close and the streams end
// over the drain window. Publishers are served until the last stream is gone.
func (n *node) end() {
	n.draining.Store(true)
	drain := n.settings.Load().Drain
	n.log.Info("draining", zap.Duration("delay", drain.Delay), zap.Duration("window", drain.Window))
	time.Sleep(drain.Delay)
	ctx, stop := context.WithTimeout(context.Background(), drain.Window+patience)
	defer stop()
	clients, cut := context.WithTimeout(ctx, drain.Window+patience-farewellTime)
	defer cut()
	n.hub.Flush()
	var both sync.WaitGroup
	both.Go(func() { n.check("draining streams", n.holder.Drain(clients, drain.Window)) })
	both.Go(func() { n.check("ending requests", n.clients.Shutdown(clients)) })
	both.Wait()
	n.check("telling origins of clients that have gone", n.front.Finish(ctx))
	n.check("ending control requests", n.control.Shutdown(ctx))
	n.log.Info("drained")
}

func (n *node) check(doing string, err error) {
	if err != nil {
		n.log.Warn("shutdown was cut short", zap.String("while", doing), zap.Error(err))
	}
}
