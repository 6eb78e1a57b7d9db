package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m, leaktest.PublishedByNATS()) }

// goodTime bounds what must happen, so that a failure is not a hang.
const goodTime = 60 * time.Second

var quietLog = zap.NewNop()

func newMetrics() *stream.Metrics { return stream.NewMetrics(prometheus.NewRegistry()) }

// connect returns a client's connection, which ends with the test.
func connect(t testing.TB, server *embedded.Server) *client.Conn {
	t.Helper()
	nc, err := client.Connect("", server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// startServer runs a server of its own for t.
func startServer(t testing.TB, dir string) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{StoreDir: dir, SyncInterval: time.Minute}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// node is a bus with its hub.
type node struct {
	t        testing.TB
	hub      *channels.Hub
	bus      *stream.Bus
	intake   *intake.Intake
	registry *prometheus.Registry
}

// startNode runs a bus over a server until t ends.
func startNode(t testing.TB, way client.Option, edits ...func(*stream.Options)) *node {
	t.Helper()
	n := &node{t: t, registry: prometheus.NewRegistry()}
	o := stream.Options{
		Access:      nats.Access{InProcess: way, Name: "test"},
		MaxAge:      time.Hour,
		MaxMessages: 1000,
		Replicas:    1,
		Metrics:     stream.NewMetrics(n.registry),
		Log:         zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
	}
	for _, edit := range edits {
		edit(&o)
	}
	var err error
	if n.bus, err = stream.New(o); err != nil {
		t.Fatal(err)
	}
	hub := channels.DefaultOptions()
	hub.Feed = n.bus
	n.hub = channels.NewHub(hub)
	n.bus.Attach(n.hub)
	n.intake = intake.New(intake.Options{Publisher: n.bus, Metrics: intake.NewMetrics(n.registry)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.bus.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(goodTime):
			t.Error("the bus does not end")
		}
		n.hub.Close()
	})
	return n
}

func (n *node) ready() *node {
	n.t.Helper()
	n.until("the bus is ready", func() bool { return n.bus.NotReady() == nil })
	return n
}

// until waits for what happens soon but not at once.
func (n *node) until(what string, holds func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(goodTime); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			n.t.Fatalf("never happened: %s (%v)", what, n.bus.NotReady())
		}
	}
}

// count returns a metric without labels.
func (n *node) count(name string) float64 {
	n.t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	n.t.Fatalf("no metric %s", name)
	return 0
}

// say publishes an event and returns its position, empty if it has none.
func (n *node) say(channel, id, data string) string {
	n.t.Helper()
	r, err := n.intake.Event(n.t.Context(), intake.Event{Channel: channel, ID: id, Data: []byte(data)})
	if err != nil {
		n.t.Fatalf("publish: %v", err)
	}
	if r.Items[0].Position.IsZero() {
		return ""
	}
	return r.Items[0].Position.String()
}

// reader is a cursor that is read by hand.
type reader struct {
	t      testing.TB
	cursor *channels.Cursor
	woken  chan struct{}
	stall  chan struct{} // unless nil, the bus waits for its end
}

// Wake is for channels.Group.
func (r *reader) Wake(*channels.Log) {
	if r.stall != nil {
		<-r.stall
	}
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

func (n *node) follow(lastID string, names ...string) *reader {
	n.t.Helper()
	r := &reader{t: n.t, woken: make(chan struct{}, 1)}
	f := channels.Follow{Form: wire.Stream, Live: n.hub.Head().Seq, Group: r, Resume: channels.Resume{ID: lastID}}
	for _, name := range names {
		f.Subscriptions = append(f.Subscriptions, channels.Subscription{Channel: name})
	}
	ctx, cancel := context.WithTimeout(n.t.Context(), goodTime)
	defer cancel()
	var err error
	if r.cursor, err = n.hub.Follow(ctx, f); err != nil {
		n.t.Fatalf("follow: %v", err)
	}
	n.t.Cleanup(r.cursor.Close)
	return r
}

// next returns the data of what comes next; gaps are "gap:REASON".
func (r *reader) next() string {
	r.t.Helper()
	for deadline := time.After(goodTime); ; {
		entries, err := r.cursor.Next(nil, 1, 1<<20)
		var gap *channels.Gap
		switch {
		case errors.As(err, &gap):
			return "gap:" + string(gap.Reason)
		case err != nil:
			return err.Error()
		case len(entries) > 0 && entries[0].Action(wire.Stream) == channels.Close:
			return "close"
		case len(entries) > 0:
			data, _, _ := strings.Cut(string(wire.Data(entries[0].Bytes(wire.Stream))), "\n")
			return strings.TrimPrefix(data, "data: ")
		}
		select {
		case <-r.woken:
		case <-deadline:
			r.t.Fatal("nothing comes")
		}
	}
}

func (r *reader) want(all ...string) {
	r.t.Helper()
	for _, want := range all {
		if got := r.next(); got != want {
			r.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func numbers(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func streamOf(t testing.TB, server *embedded.Server) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(connect(t, server))
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "HOLDFAST")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
