package embedded_test

import (
	"context"
	"net"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// goodTime bounds what must happen, so that a failure is not a hang.
const goodTime = 30 * time.Second

// withTimeout is a context for what must happen.
func withTimeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), goodTime)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for what happens soon but not at once.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(goodTime); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// node is a server with what it has said.
type node struct {
	*embedded.Server
	t    testing.TB
	logs *observer.ObservedLogs // from Debug on
	own  jetstream.JetStream    // nil: not asked for yet
}

// start runs a server until t ends.
func start(t testing.TB, o embedded.Options) *node {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	s, err := embedded.Start(withTimeout(t), o.WithPeerInterval(20*time.Millisecond), zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return &node{Server: s, t: t, logs: logs}
}

// ready waits until n has JetStream.
func (n *node) ready() *node {
	n.t.Helper()
	if err := n.Ready(withTimeout(n.t)); err != nil {
		n.t.Fatal(err)
	}
	return n
}

// connect returns a connection through memory.
func (n *node) connect() *client.Conn { return connect(n.t, "", n.InProcess()) }

// connect returns a connection that ends with the test.
func connect(t testing.TB, url string, options ...client.Option) *client.Conn {
	t.Helper()
	closed := make(chan struct{})
	nc, err := client.Connect(url, append(options, client.ClosedHandler(func(*client.Conn) { close(closed) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	return nc
}

// jetStream is JetStream by a connection through memory.
func (n *node) jetStream() jetstream.JetStream {
	n.t.Helper()
	if n.own == nil {
		var err error
		if n.own, err = jetstream.New(n.connect()); err != nil {
			n.t.Fatal(err)
		}
	}
	return n.own
}

// stream makes a stream over holdfast.channels.>, or returns that which is there.
func (n *node) stream(replicas int) jetstream.Stream {
	n.t.Helper()
	s, err := n.jetStream().CreateOrUpdateStream(withTimeout(n.t), jetstream.StreamConfig{
		Name: "S", Subjects: []string{"holdfast.channels.>"}, Replicas: replicas, AllowDirect: true,
		RePublish: &jetstream.RePublish{Source: "holdfast.channels.>", Destination: "_hf.live.>"},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// publish stores a message, perhaps twice: while a leader is elected, it is not
// refused but lost.
func (n *node) publish(subject, data string) {
	n.t.Helper()
	eventually(n.t, "stored: "+data, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := n.jetStream().Publish(ctx, subject, []byte(data))
		return err == nil
	})
}

// freeAddresses are n addresses that nobody listens on.
func freeAddresses(t testing.TB, n int) []string {
	t.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	return all
}
