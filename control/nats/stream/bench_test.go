package stream_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

var data200 = strings.Repeat("x", 200)

// ways are what can lie between a publisher and a reader: where is published, and
// the node that is read.
var ways = []struct {
	name string
	open func(b *testing.B) (*intake.Intake, *node)
}{
	{"in memory", func(b *testing.B) (*intake.Intake, *node) {
		hub := channels.NewHub(channels.DefaultOptions())
		b.Cleanup(hub.Close)
		in := intake.New(intake.Options{Publisher: intake.ToHub(hub, wire.Options{}), Metrics: intake.NewMetrics(prometheus.NewRegistry())})
		return in, &node{t: b, hub: hub}
	}},
	{"relayed to another node", func(b *testing.B) (*intake.Intake, *node) {
		server := natstest.Start(b)
		first, _ := startCoreNode(b, server.URL)
		_, second := startCoreNode(b, server.URL)
		return first, second
	}},
	{"stored by one node", func(b *testing.B) (*intake.Intake, *node) {
		n := startNode(b, startServer(b, b.TempDir()).InProcess()).ready()
		return n.intake, n
	}},
	{"stored for two nodes", func(b *testing.B) (*intake.Intake, *node) {
		server := startServer(b, b.TempDir())
		return startNode(b, server.InProcess()).ready().intake, startNode(b, server.InProcess()).ready()
	}},
	{"stored by three nodes", func(b *testing.B) (*intake.Intake, *node) {
		nodes := startCluster(b)
		return nodes[0].intake, nodes[1]
	}},
}

// BenchmarkDelivery is the time from a publication's request to its reader, one
// after the other.
func BenchmarkDelivery(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			in, n := way.open(b)
			r := n.follow("", "c")
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := in.Event(context.Background(), intake.Event{Channel: "c", Data: []byte(data200)}); err != nil {
					b.Fatal(err)
				}
				r.want(data200)
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "µs/p50")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "µs/p99")
		})
	}
}

// BenchmarkPublish publishes single items, by so many publishers at once.
func BenchmarkPublish(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			in, _ := way.open(b)
			for _, publishers := range []int{1, 16, 256} {
				b.Run(fmt.Sprint("publishers=", publishers), func(b *testing.B) { publishBy(b, in, publishers) })
			}
		})
	}
}

func publishBy(b *testing.B, in *intake.Intake, publishers int) {
	b.SetParallelism(max(1, publishers/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := in.Event(context.Background(), intake.Event{Channel: "c", Data: []byte(data200)}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// startCoreNode runs a node without a stream, which relays over a server.
func startCoreNode(b *testing.B, url string) (*intake.Intake, *node) {
	b.Helper()
	hub := channels.NewHub(channels.DefaultOptions())
	registry := prometheus.NewRegistry()
	here, counts := intake.ToHub(hub, wire.Options{}), intake.NewMetrics(registry)
	relay := nats.NewRelay(here)
	source, err := nats.New(nats.Options{
		Access: nats.Access{Servers: []string{url}, Name: "bench"}, Intake: intake.New(intake.Options{Publisher: here, Metrics: counts}),
		Relay: relay, Metrics: nats.NewMetrics(registry), Log: quietLog,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ended
		hub.Close()
	})
	for source.NotReady() != nil {
		time.Sleep(time.Millisecond)
	}
	return intake.New(intake.Options{Publisher: relay, Metrics: counts}), &node{t: b, hub: hub}
}

// startCluster runs three nodes, each with a server that stores everything.
func startCluster(b *testing.B) (nodes [3]*node) {
	b.Helper()
	var peers []string
	for range nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		peers = append(peers, l.Addr().String())
		l.Close()
	}
	for i, own := range peers {
		server, err := embedded.Start(b.Context(), embedded.Options{
			StoreDir: b.TempDir(),
			Cluster:  embedded.Cluster{Name: "bench", Listen: own, Peers: peers, User: "route", Password: "secret"},
		}, quietLog)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(server.Shutdown)
		nodes[i] = startNode(b, server.InProcess(), func(o *stream.Options) { o.Replicas, o.Log = len(nodes), quietLog })
	}
	for _, n := range nodes {
		n.ready()
	}
	return nodes
}
