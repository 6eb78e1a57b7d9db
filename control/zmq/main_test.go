package zmq

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// The sockets of the library, with which tests publish, leave goroutines behind.
func TestMain(m *testing.M) {
	leaktest.Main(m,
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*socket).connReaper"),
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*qreader).listen"),
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*pubQReader).listen"),
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*pubMWriter).run"))
}

// patience bounds what must happen at once, so that a failure is not a hang.
const patience = 10 * time.Second

// rig is a running source over a hub.
type rig struct {
	source *Source
	hub    *channels.Hub
	logs   *observer.ObservedLogs
	pull   string
	sub    string
	stop   func()
}

func newRig(t *testing.T, edits ...func(*Options)) *rig {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	hub := channels.NewHub(channels.DefaultOptions())
	registry := prometheus.NewRegistry()
	in := intake.New(intake.Options{Publisher: intake.ToHub(hub, wire.Options{}), Metrics: intake.NewMetrics(registry)})
	o := Options{
		Pull: []string{"tcp://127.0.0.1:0"}, Sub: []string{"tcp://127.0.0.1:0"}, Pushed: in, Published: in,
		MaxMessage: 64 << 10, Metrics: NewMetrics(registry), Log: zap.New(core),
	}
	for _, edit := range edits {
		edit(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{source: s, hub: hub, logs: logs}
	if addrs := s.Addrs(); len(addrs) == 2 && addrs[0].Network() == "tcp" {
		r.pull, r.sub = "tcp://"+addrs[0].String(), "tcp://"+addrs[1].String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(func() {
		r.stop()
		hub.Close()
	})
	return r
}

// reader reads what a stream of a channel gets.
type reader struct {
	cursor *channels.Cursor
	news   chan struct{} // capacity 1, never closed
}

// Wake implements channels.Group.
func (r *reader) Wake(*channels.Log) {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

func (r *rig) follow(t *testing.T, channel string) *reader {
	t.Helper()
	to := &reader{news: make(chan struct{}, 1)}
	c, err := r.hub.Follow(t.Context(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: channel}}, Form: wire.Stream, Group: to,
	})
	if err != nil {
		t.Fatal(err)
	}
	to.cursor = c
	return to
}

// want reads exactly text.
func (r *reader) want(t *testing.T, text string) {
	t.Helper()
	var got bytes.Buffer
	for timeout := time.After(patience); got.Len() < len(text); {
		entries, err := r.cursor.Next(nil, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			got.Write(wire.Data(entries[i].Bytes(wire.Stream)))
		}
		if len(entries) > 0 {
			continue
		}
		select {
		case <-r.news:
		case <-timeout:
			t.Fatalf("read %q, want %q", got.String(), text)
		}
	}
	if got.String() != text {
		t.Fatalf("read %q, want %q", got.String(), text)
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// counted waits until a result has been counted n times.
func (r *rig) counted(t *testing.T, k kind, what result, n float64) {
	t.Helper()
	eventually(t, string(what), func() bool {
		return testutil.ToFloat64(r.source.opts.Metrics.of[k].messages[what]) == n
	})
}

// brokenOff waits until n connections to a socket have been broken off, or more:
// a peer that leaves with something unread counts too.
func (r *rig) brokenOff(t *testing.T, k kind, n float64) {
	t.Helper()
	eventually(t, "broken off", func() bool { return testutil.ToFloat64(r.source.opts.Metrics.of[k].broken) >= n })
}

// dial connects a socket of the library.
func dial(t *testing.T, make func(context.Context, ...zmq4.Option) zmq4.Socket, endpoint string) zmq4.Socket {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := make(ctx)
	t.Cleanup(func() {
		s.Close()
		cancel()
	})
	if err := s.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s zmq4.Socket, frames ...string) {
	t.Helper()
	if err := s.SendMulti(zmq4.NewMsgFromString(frames)); err != nil {
		t.Fatal(err)
	}
}
