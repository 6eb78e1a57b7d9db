package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/balance"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/demo"
)

// revival is how long a node of the demonstration stays away when it was killed.
const revival = 5 * time.Second

// demoNode is the file of one node of the demonstration's cluster.
const demoNode = `listen: [%q]
control: {listen: [%q]}
origin: %q
drain: {window: 1s}
log: {level: %s}
nats:
  embedded:
    store_dir: %q
    cluster: {name: demo, listen: %q, user: demo, password: demo, peers: ["%s"]}
`

// demoCluster is nodes in processes of their own, so that they can be killed, with
// a load balancer before them and the demo's origin behind.
type demoCluster struct {
	dir       string // of the nodes' files; removed in the end
	nodes     []string
	clients   []string // where each node listens
	controls  []string
	front     net.Listener // for clients
	back      net.Listener // for publishers
	at        net.Listener // of the origin
	log       *zap.Logger
	stderr    io.Writer
	listeners []net.Listener // hold the nodes' ports until they start
}

// newDemoCluster finds a port for everything and writes the nodes' files.
func newDemoCluster(cfg config.Config, size int, stderr io.Writer, log *zap.Logger) (*demoCluster, error) {
	c := &demoCluster{log: log, stderr: stderr}
	var peers []string
	for range size {
		c.clients = append(c.clients, c.reserve())
		c.controls = append(c.controls, c.reserve())
		peers = append(peers, c.reserve())
	}
	var err error
	if c.dir, err = os.MkdirTemp("", "holdfast-demo-"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	for _, l := range []struct {
		at   *net.Listener
		addr string
	}{{&c.front, cfg.Listen[0]}, {&c.back, cfg.Control.Listen[0]}, {&c.at, "127.0.0.1:0"}} {
		if *l.at, err = net.Listen("tcp", l.addr); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	for i := range size {
		file := filepath.Join(c.dir, fmt.Sprintf("node-%d.yaml", i+1))
		store := filepath.Join(c.dir, fmt.Sprintf("store-%d", i+1))
		text := fmt.Sprintf(demoNode, c.clients[i], c.controls[i], "http://"+c.at.Addr().String(), cfg.Log.Level, store, peers[i], strings.Join(peers, `", "`))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.nodes = append(c.nodes, file)
	}
	return c, nil
}

// reserve returns an address on which nobody listens but us. It is empty if there
// is none, which the listeners after it will tell.
func (c *demoCluster) reserve() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return ""
	}
	c.listeners = append(c.listeners, l)
	return l.Addr().String()
}

func (c *demoCluster) close() error {
	for _, l := range append(c.listeners, c.front, c.back, c.at) {
		if l != nil {
			l.Close()
		}
	}
	return os.RemoveAll(c.dir)
}

// run serves until ctx ends and all nodes have ended.
func (c *demoCluster) run(ctx context.Context, out io.Writer) error {
	for _, l := range c.listeners {
		l.Close()
	}
	urls := demo.URLs{Page: "http://" + reachable(c.front.Addr()), Control: "http://" + reachable(c.back.Addr())}
	origin := &http.Server{Handler: demo.New(demo.Options{ControlURL: urls.Control}), ReadHeaderTimeout: 10 * time.Second}
	var all sync.WaitGroup
	all.Go(func() { origin.Serve(c.at) })
	all.Go(func() { balance.New(c.clients).Serve(ctx, c.front) })
	all.Go(func() { balance.New(c.controls).Serve(ctx, c.back) })
	for i := range c.nodes {
		all.Go(func() { c.keep(ctx, i, out) })
	}
	err := demo.Banner(out, urls)
	if err == nil {
		_, err = fmt.Fprintf(out, "%d nodes share the connections. Kill one and see its clients go on:\n\n", len(c.nodes))
	}
	<-ctx.Done()
	origin.Close()
	all.Wait()
	return errors.Join(err, c.close())
}

// keep runs a node until ctx ends, again and again when it was killed.
func (c *demoCluster) keep(ctx context.Context, i int, out io.Writer) {
	program, err := os.Executable()
	if err != nil {
		c.log.Error("the program does not know where it is", zap.Error(err))
		return
	}
	for ctx.Err() == nil {
		process := exec.CommandContext(ctx, program, "serve", "--config", c.nodes[i])
		process.Stderr = c.stderr
		process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
		process.WaitDelay = patience
		if err := process.Start(); err != nil {
			c.log.Error("a node does not start", zap.Error(err))
			return
		}
		fmt.Fprintf(out, "  node %d on %s: kill -9 %s\n", i+1, c.clients[i], strconv.Itoa(process.Process.Pid))
		err := process.Wait()
		if ctx.Err() != nil {
			return
		}
		fmt.Fprintf(out, "  node %d has ended (%v) and comes back in %v\n", i+1, err, revival)
		select {
		case <-time.After(revival):
		case <-ctx.Done():
		}
	}
}
