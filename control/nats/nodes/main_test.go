package nodes_test

import (
	"context"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// goodTime bounds what must happen, so that a failure is not a hang.
const goodTime = 30 * time.Second

// eventually waits for what happens soon but not at once.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(goodTime); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// overCore is a way to a core NATS of its own.
func overCore(t testing.TB) nats.Access {
	return nats.Access{Servers: []string{natstest.Start(t).URL}}
}

// overEmbedded is a way to a server in the process.
func overEmbedded(t testing.TB) nats.Access {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{StoreDir: t.TempDir()}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return nats.Access{InProcess: s.InProcess()}
}

// node is a hub among others.
type node struct {
	*nodes.Nodes
	*channels.Hub
	keeps *keeper
	t     testing.TB
	logs  *observer.ObservedLogs // from Warn on
	leave func()                 // ends it in peace
}

// start runs a node until t ends, and returns when it is connected. looks, unless
// nil, is called when it is asked.
func start(t testing.TB, access nats.Access, name string, looks func()) *node {
	t.Helper()
	n := newNode(t, access, name, looks)
	eventually(t, "it is connected", func() bool {
		_, err := n.Ask(t.Context(), roll.Question{Channel: "nobody"})
		return err == nil
	})
	return n
}

// newNode is start without the wait.
func newNode(t testing.TB, access nats.Access, name string, looks func()) *node {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	n := &node{Hub: channels.NewHub(channels.DefaultOptions()), keeps: new(keeper), t: t, logs: logs}
	var err error
	n.Nodes, err = nodes.New(nodes.Options{
		Access: access, Name: name, Hub: watched{n.Hub, looks}, Streams: n.keeps, Metrics: nodes.NewMetrics(prometheus.NewRegistry()), Log: zap.New(core),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- n.Nodes.Run(ctx)
		close(ended)
	}()
	n.leave = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(func() {
		n.leave()
		n.Hub.Close()
	})
	return n
}

// watched is a hub with somebody who is told when it is looked at.
type watched struct {
	*channels.Hub
	looks func()
}

func (w watched) Channels(l channels.Listing) ([]channels.Info, channels.Totals) {
	if w.looks != nil {
		w.looks()
	}
	return w.Hub.Channels(l)
}

// nowhere is a group for cursors that are read by hand.
type nowhere struct{}

func (nowhere) Wake(*channels.Log) {}

// follow adds a stream to each of the channels.
func (n *node) follow(names ...string) {
	n.t.Helper()
	f := channels.Follow{Form: wire.Stream, Group: nowhere{}}
	for _, name := range names {
		f.Subscriptions = append(f.Subscriptions, channels.Subscription{Channel: name})
	}
	c, err := n.Hub.Follow(n.t.Context(), f)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Close)
}

// ask asks all nodes.
func (n *node) ask(q roll.Question) roll.Answer {
	n.t.Helper()
	a, err := n.Ask(n.t.Context(), q)
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// awaits waits until n knows so many others.
func (n *node) awaits(others int) {
	n.t.Helper()
	eventually(n.t, "it knows the others", func() bool {
		a := n.ask(roll.Question{Channel: "nobody"})
		return len(a.Reports)-1 == others && len(a.Missing) == 0
	})
}

// connect returns a client's connection, which ends with the test.
func connect(t testing.TB, access nats.Access) *client.Conn {
	t.Helper()
	closed := make(chan struct{})
	nc, err := client.Connect(access.Servers[0], client.ClosedHandler(func(*client.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	return nc
}
