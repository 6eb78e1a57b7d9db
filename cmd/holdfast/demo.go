package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/demo"
)

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the proxy with a small origin behind it, to try",
		Long: `Run the proxy as 'holdfast serve' does, with a small API behind it whose page
shows what Holdfast does: two users, a channel for everybody and one for each,
events with their ids, a button that publishes and one that cuts the connection.

With --nodes 3, three nodes run as processes of their own behind a small load
balancer. They share a stream of NATS, so that a client whose node is killed goes
on at another and has missed nothing.

The API is an ordinary GRIP origin in the same process. Its code is meant to be
read: internal/demo.`,
		Example: `  holdfast demo
  holdfast demo --nodes 3
  holdfast demo --listen 127.0.0.1:8080 --control-listen 127.0.0.1:9000`,
	}
	flags := cmd.Flags()
	listen := flags.String("listen", ":7999", "take clients at `ADDR`")
	control := flags.String("control-listen", "127.0.0.1:5561", "take publishers at `ADDR`")
	nodes := flags.Int("nodes", 1, "run so many nodes")
	logLevel := flags.String("log-level", "warn", "log from this `LEVEL` on: debug, info, warn or error")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if *nodes < 1 {
			return fmt.Errorf("--nodes: %d is too few; write 1 or more", *nodes)
		}
		return cobra.NoArgs(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		cfg := config.Default()
		cfg.Listen, cfg.Control.Listen = []string{*listen}, []string{*control}
		cfg.Log.Level = config.LogLevel(*logLevel)
		cfg.Drain.Window = time.Second
		log, _ := newLogger(cfg.Log, cmd.ErrOrStderr())
		if *nodes > 1 {
			if !flags.Changed("log-level") {
				cfg.Log.Level = config.LogError // a cluster that forms has much to warn of
			}
			c, err := newDemoCluster(cfg, *nodes, cmd.ErrOrStderr(), log)
			if err != nil {
				return err
			}
			return c.run(ctx, cmd.OutOrStdout())
		}
		d, err := newDemo(cfg, log)
		if err != nil {
			return err
		}
		return d.run(ctx, cmd.OutOrStdout())
	}
	return cmd
}

// demonstration is a node with the demo's origin behind it.
type demonstration struct {
	node   *node
	origin *http.Server
	at     net.Listener // of the origin
}

// newDemo builds everything and opens all listeners. The origin of cfg is set
// here.
func newDemo(cfg config.Config, log *zap.Logger) (*demonstration, error) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	cfg.Origin = "http://" + at.Addr().String()
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(err, at.Close())
	}
	n, err := newNode(cfg, log)
	if err != nil {
		return nil, errors.Join(err, at.Close())
	}
	d := &demonstration{node: n, at: at}
	d.origin = &http.Server{
		Handler:           demo.New(demo.Options{ControlURL: d.urls().Control}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return d, nil
}

// urls are where the demo is reached from this machine.
func (d *demonstration) urls() demo.URLs {
	return demo.URLs{
		Page:    "http://" + reachable(d.node.clients.Addrs()[0]),
		Control: "http://" + reachable(d.node.ways[0].Addr()),
	}
}

// reachable turns the address of a listener into one that can be dialled.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return a.String()
}

// run serves until ctx ends and everything has drained.
func (d *demonstration) run(ctx context.Context, out io.Writer) error {
	failed := make(chan error, 1)
	go func() { failed <- d.origin.Serve(d.at) }()
	err := demo.Banner(out, d.urls())
	if err == nil {
		err = d.node.run(ctx)
	}
	d.origin.Close()
	<-failed // http.ErrServerClosed
	return err
}
