package stream_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// Sizes of the benchmarks of scale. Each is one round, so -benchtime 1x is what
// they are for.
const (
	manyChannels = 100_000
	historySize  = 1_000_000
	historyOf    = 1000 // messages per channel
	followers    = 256  // who come at once
)

// BenchmarkManyChannels follows 100,000 channels on one node.
func BenchmarkManyChannels(b *testing.B) {
	for b.Loop() {
		server := startServer(b, b.TempDir())
		n := startNode(b, server.InProcess()).ready()
		before := n.publishing(b)
		heap := heapInUse()
		start := time.Now()
		cursors := n.followAll(b, manyChannels)
		took := time.Since(start)
		b.ReportMetric(float64(manyChannels)/took.Seconds(), "channels/s")
		b.ReportMetric(float64(heapInUse()-heap)/manyChannels, "B/channel")
		b.ReportMetric(before.Seconds()*1e6, "µs/publish-before")
		b.ReportMetric(n.publishing(b).Seconds()*1e6, "µs/publish-after")
		start = time.Now()
		if err := n.bus.Sync(b.Context(), users()...); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1e3, "ms/sync")
		for _, c := range cursors {
			c.Close()
		}
	}
}

// publishing is the median time that a publication takes from its request to its
// reader.
func (n *node) publishing(b *testing.B) time.Duration {
	b.Helper()
	r := n.follow("", "measured")
	var took []time.Duration
	for range 500 {
		start := time.Now()
		n.say("measured", "", data200)
		r.want(data200)
		took = append(took, time.Since(start))
	}
	r.cursor.Close()
	return median(took)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func (n *node) followAll(b *testing.B, count int) []*channels.Cursor {
	b.Helper()
	cursors := make([]*channels.Cursor, count)
	r := &reader{t: b, woken: make(chan struct{}, 1)}
	inParallel(count, func(i int) {
		f := channels.Follow{Live: n.hub.Head().Seq, Group: r, Subscriptions: []channels.Subscription{{Channel: fmt.Sprint("user-", i)}}}
		var err error
		if cursors[i], err = n.hub.Follow(b.Context(), f); err != nil {
			b.Errorf("follow: %v", err)
		}
	})
	return cursors
}

// users are the names of many channels.
func users() []string {
	names := make([]string, manyChannels)
	for i := range names {
		names[i] = fmt.Sprint("user-", i)
	}
	return names
}

// inParallel does the same for many, some at once.
func inParallel(count int, do func(i int)) {
	var all sync.WaitGroup
	for first := range followers {
		all.Go(func() {
			for i := first; i < count; i += followers {
				do(i)
			}
		})
	}
	all.Wait()
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkHistory restarts a server that has 1,000,000 messages, and reads them.
func BenchmarkHistory(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		first := startServer(b, dir)
		start := time.Now()
		storeHistory(b, startNode(b, first.InProcess()).ready(), first)
		b.ReportMetric(historySize/time.Since(start).Seconds(), "stored/s")
		first.Shutdown()
		start = time.Now()
		n := startNode(b, startServer(b, dir).InProcess()).ready()
		b.ReportMetric(time.Since(start).Seconds()*1e3, "ms/restart")
		var took []time.Duration
		for i := range 10 {
			took = append(took, n.filling(b, i))
		}
		b.ReportMetric(median(took).Seconds()*1e3, "ms/fill-1000")
		start = time.Now()
		inParallel(historySize/historyOf, func(i int) { n.filling(b, i) })
		b.ReportMetric(float64(historySize)/time.Since(start).Seconds(), "filled/s")
	}
}

// filling is how long a node takes to have a channel's history.
func (n *node) filling(b *testing.B, channel int) time.Duration {
	start := time.Now()
	release, err := n.hub.Await(b.Context(), fmt.Sprint("history-", channel))
	if err != nil {
		b.Fatal(err)
	}
	release()
	return time.Since(start)
}

// storeHistory fills the stream as a service would that does not wait for each
// message.
func storeHistory(b *testing.B, n *node, server *embedded.Server) {
	js, err := jetstream.New(connect(b, server), jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		b.Fatal(err)
	}
	for i := range historySize {
		m := client.NewMsg(fmt.Sprint("holdfast.channels.history-", i%(historySize/historyOf)))
		m.Data = []byte(data200)
		if _, err := js.PublishMsgAsync(m, jetstream.WithStallWait(goodTime)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	n.until("the node knows how far it is", func() bool {
		n.bus.Refresh()
		return n.hub.Head().Seq >= historySize
	})
}
