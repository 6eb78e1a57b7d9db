package holdtest

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// rig is a hub, a holder and a server that holds every request.
type rig struct {
	// May be changed before start.
	options  hold.Options
	channels channels.Options
	stream   hold.Stream // what every request is held with
	server   *http.Server
	needs    chan need // of streams with links; nil: they have none

	// Fixed after start.
	protocol protocol
	make     func(hold.Options) hold.Holder
	metrics  *prometheus.Registry
	filters  *filter.Route
	hub      *channels.Hub
	holder   hold.Holder
	network  network
	stop     context.CancelFunc // ends the holder's Run
	ended    chan hold.Reason   // one per stream that ended

	mu    sync.Mutex
	after func() // called by the handler after Hold; may be nil
}

func newRig(p protocol, makeHolder func(hold.Options) hold.Holder) *rig {
	reg := prometheus.NewRegistry()
	r := &rig{
		protocol: p,
		make:     makeHolder,
		metrics:  reg,
		filters:  filter.NewMetrics(reg).Route("test", zap.NewNop()),
		options:  hold.Options{Metrics: hold.NewMetrics(reg), Sockets: hold.DefaultSocketOptions()},
		channels: channels.DefaultOptions(),
		stream:   hold.Stream{Route: "test", EventStream: true, OnLag: hold.GapOnLag, GapEvent: gapEvent},
		ended:    make(chan hold.Reason, 10_000),
	}
	r.server = &http.Server{
		Handler:     r,
		ConnContext: hold.ConnContext,
		ErrorLog:    log.New(io.Discard, "", 0),
		Protocols:   new(http.Protocols),
	}
	r.server.Protocols.SetHTTP1(true)
	r.server.Protocols.SetHTTP2(true)
	r.server.Protocols.SetUnencryptedHTTP2(true)
	return r
}

// gapEvent is what the rig's streams are told of gaps.
func gapEvent(dst []byte, g *channels.Gap) []byte {
	return append(dst, "event: gap\ndata: "+string(g.Reason)+"\n\n"...)
}

// start runs everything until the test ends.
func (r *rig) start(t *testing.T, n network) {
	r.hub = channels.NewHub(r.channels)
	r.holder = r.make(r.options)
	r.network = n
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	var parts sync.WaitGroup
	parts.Go(func() { r.holder.Run(ctx) })
	parts.Go(func() { r.serve(n.listener()) })
	t.Cleanup(func() {
		cancel()
		r.server.Close()
		parts.Wait()
		r.hub.Close()
	})
}

func (r *rig) serve(l net.Listener) {
	if !r.protocol.bare {
		l = hold.Listen(l)
	}
	if r.protocol.tls {
		r.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate()}}
		r.server.ServeTLS(l, "", "")
		return
	}
	r.server.Serve(l)
}

// ServeHTTP holds a request. Its query says on which channels, after which
// position, and what the initial body is.
func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.holder.Admit(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	q := req.URL.Query()
	f := channels.Follow{Form: wire.Stream, Live: r.hub.Head().Seq, Group: r.holder.Group()}
	for _, name := range q["channel"] {
		f.Subscriptions = append(f.Subscriptions, channels.Subscription{Channel: name})
	}
	f.Resume.ID = q.Get("last")
	f.Chained = r.needs != nil
	cursor, err := r.hub.Follow(context.Background(), f)
	if err != nil {
		r.holder.Release()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	hold.Prepare(w, req)
	initial := q.Get("initial")
	io.WriteString(w, initial)
	s := r.stream
	s.Cursor = cursor
	s.Filters = r.filtersOf(q)
	s.State = sse.Scan([]byte(initial)).Effect.From(0)
	r.linkTo(&s, &f)
	s.Ended = func(reason hold.Reason) { r.ended <- reason }
	wait, err := r.holder.Hold(w, req, &s)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if wait != nil {
		wait()
	}
	r.afterHold()
}

// onHold has the handler call f after Hold.
func (r *rig) onHold(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after = f
}

func (r *rig) afterHold() {
	r.mu.Lock()
	f := r.after
	r.mu.Unlock()
	if f != nil {
		f()
	}
}

// publish appends content to a channel, as one entry.
func (r *rig) publish(t testing.TB, channel, content string) channels.Position {
	t.Helper()
	return r.append(t, item(channel, content))
}

// act appends an action.
func (r *rig) act(t testing.TB, channel string, a channels.Action) {
	t.Helper()
	it := item(channel, "")
	it.Actions[wire.Stream] = a
	r.append(t, it)
}

func (r *rig) append(t testing.TB, it channels.Item) channels.Position {
	t.Helper()
	results, err := r.hub.Publish(context.Background(), it)
	if err != nil {
		t.Fatal(err)
	}
	return results[0].Position
}

// item is what a publisher makes of content.
func item(channel, content string) channels.Item {
	return channels.Item{
		Channel: channel,
		Size:    len(content),
		Encode: func(channels.Position) channels.Encoded {
			if content == "" {
				return channels.Encoded{}
			}
			buf := wire.AppendChunk(nil, []byte(content))
			e := channels.Encoded{Buf: buf, Tag: uint32(sse.Scan([]byte(content)).Effect)}
			e.Forms[wire.Stream] = channels.Span{Len: uint32(len(buf))}
			return e
		},
	}
}

// wantEnd waits for the next stream to end.
func (r *rig) wantEnd(t testing.TB, reasons ...hold.Reason) {
	t.Helper()
	select {
	case got := <-r.ended:
		for _, want := range reasons {
			if got == want {
				return
			}
		}
		t.Fatalf("ended for %q, want %q", got, reasons)
	case <-time.After(patience):
		t.Fatalf("did not end, want %q", reasons)
	}
}

// wantNobody checks that the hub knows of no reader any more.
func (r *rig) wantNobody(t testing.TB, channel string) {
	t.Helper()
	if info, _ := r.hub.Channel(channel); info.Streams != 0 {
		t.Errorf("%q still has %d streams", channel, info.Streams)
	}
}

// wantCount waits for a counter or gauge, summed over the samples whose labels
// have all of pairs ("name=value"), to be want.
func (r *rig) wantCount(t testing.TB, want float64, metric string, pairs ...string) {
	t.Helper()
	start := time.Now()
	for {
		got := r.counted(t, metric, pairs)
		if got == want {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("%s%v is %v, want %v", metric, pairs, got, want)
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *rig) counted(t testing.TB, metric string, pairs []string) (sum float64) {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := make(map[string]bool)
			for _, l := range m.GetLabel() {
				labels[l.GetName()+"="+l.GetValue()] = true
			}
			if !slices.ContainsFunc(pairs, func(p string) bool { return !labels[p] }) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
