package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// testEpoch makes positions predictable.
const testEpoch = "abcdefghijkl"

// stationOptions are the settings of a station.
type stationOptions struct {
	Options
	channels   channels.Options
	maxStreams int
	holder     func(*hold.Goroutines) hold.Holder // what the handler gets instead; nil: the holder itself
	hub        func(*channels.Hub) Hub            // the same for the hub
}

// station is a proxy that holds: a front with a hub and a holder.
type station struct {
	*front
	hub     *channels.Hub
	holder  *hold.Goroutines
	streams *prometheus.Registry // what the holder counts
	wire    wire.Options
	log     *observer.ObservedLogs
}

// newStation starts a station whose options edit has completed.
func newStation(t *testing.T, edit func(*stationOptions)) *station {
	t.Helper()
	core, log := observer.New(zap.DebugLevel)
	o := stationOptions{channels: channels.DefaultOptions()}
	o.Limits.Queue = 100
	o.channels.Epoch = testEpoch
	o.Log = zap.New(core)
	o.Holding = Holding{
		MaxChannels:      100,
		ResumeParameters: []string{"lastEventId", "last_event_id"},
		PositionEvent:    "position",
		GapEvent:         "gap",
		Recovery:         Pace{Spread: time.Millisecond, Retry: 16 * time.Millisecond},
	}
	edit(&o)
	s := &station{hub: channels.NewHub(o.channels), streams: prometheus.NewRegistry(), log: log}
	s.holder = hold.New(hold.Options{MaxStreams: o.maxStreams, Sockets: hold.DefaultSocketOptions(), Metrics: hold.NewMetrics(s.streams)})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.holder.Run(ctx) }()
	t.Cleanup(func() { // after the servers have closed
		stop()
		within(t, done, "holder ends")
	})
	o.Holding.Hub, o.Holding.Holder, o.Head = s.hub, s.holder, s.hub.Head
	if o.holder != nil {
		o.Holding.Holder = o.holder(s.holder)
	}
	if o.hub != nil {
		o.Holding.Hub = o.hub(s.hub)
	}
	for _, rt := range o.Routes {
		s.wire.PositionIDs = s.wire.PositionIDs || rt.Resume == ResumePositions
	}
	s.front = newFront(t, func(front *Options) {
		o.Metrics = front.Metrics
		o.Holding.Counts, o.Holding.SocketMetrics = front.Holding.Counts, front.Holding.SocketMetrics
		*front = o.Options
	})
	return s
}

// holding is the edit for one route to origin that edit has completed.
func holding(origin string, edit ...func(*Route)) func(*stationOptions) {
	rt := routeTo(origin)
	for _, e := range edit {
		e(&rt)
	}
	return func(o *stationOptions) { o.Routes = []Route{rt} }
}

// publish publishes items in GRIP's JSON, separated by commas.
func (s *station) publish(items string) ([]channels.Result, error) {
	parsed, err := grip.ParseItems([]byte(`{"items":[` + items + `]}`))
	if err != nil {
		return nil, err
	}
	var out []channels.Item
	for _, it := range parsed {
		out = append(out, wire.Item(it, s.wire))
	}
	return s.hub.Publish(context.Background(), out...)
}

// send publishes bytes to the held streams of a channel.
func (s *station) send(channel, content string) {
	item := wire.Item(grip.Item{Channel: channel, Stream: &grip.StreamFormat{Content: []byte(content)}}, s.wire)
	if _, err := s.hub.Publish(context.Background(), item); err != nil {
		panic(err)
	}
}

// waitStreams waits until exactly n streams follow a channel.
func (s *station) waitStreams(t *testing.T, channel string, n int) {
	t.Helper()
	got := -1
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		info, _ := s.hub.Channel(channel)
		if got = info.Streams; got == n {
			return
		}
	}
	t.Fatalf("%d streams follow %q, want %d", got, channel, n)
}

// heldCount is count for what the holder counts.
func (s *station) heldCount(t *testing.T, metric string, labels ...string) float64 {
	t.Helper()
	return (&front{metrics: s.streams}).count(t, metric, labels...)
}

// logged returns the routes and the errors of the failures that were logged
// with a reason, joined.
func (s *station) logged(reason Reason) string {
	var errs []string
	for _, entry := range s.log.FilterMessage("request failed").All() {
		if fields := entry.ContextMap(); fields["reason"] == string(reason) {
			errs = append(errs, fields["route"].(string)+": "+fields["error"].(string))
		}
	}
	return strings.Join(errs, "; ")
}

// stream is a client of a held stream.
type stream struct {
	*http.Response
	leave context.CancelFunc
}

// watch asks for url, with the header fields given in pairs. The client leaves
// at the end of the test.
func (s *station) watch(t *testing.T, c *http.Client, url string, fields ...string) *stream {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		leave()
		resp.Body.Close()
	})
	return &stream{resp, leave}
}

// want reads exactly text from the body.
func (s *stream) want(t *testing.T, text string) {
	t.Helper()
	got := make([]byte, len(text))
	n, err := io.ReadFull(s.Body, got)
	if string(got[:n]) != text {
		t.Fatalf("read %q (%v), want %q", got[:n], err, text)
	}
}

// rest reads the body to its end and tells whether that was a clean one.
func (s *stream) rest() (string, error) {
	b, err := io.ReadAll(s.Body)
	return string(b), err
}
