package hold

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/holdfast-proxy/holdfast/channels"
)

// Metrics counts what holders do.
type Metrics struct {
	// Fixed after NewMetrics.
	opened, ended               *prometheus.CounterVec
	current                     *prometheus.GaugeVec
	entries, bytes, gaps, hints *prometheus.CounterVec
	mismatches, keepAlives      *prometheus.CounterVec
	latency                     prometheus.Histogram

	mu      sync.Mutex
	streams map[streamKey]*counters
}

// streamKey is what streams are counted apart by.
type streamKey struct {
	route   string
	framing Framing
}

// counters are the metrics of one route and protocol.
type counters struct {
	opened, entries, bytes, keepAlives prometheus.Counter
	hints, mismatches                  prometheus.Counter
	current                            prometheus.Gauge
	reasons, gaps                      *prometheus.CounterVec
}

// NewMetrics registers the metrics of a holder with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "holdfast_" + name, Help: help}, labels)
	}
	return &Metrics{
		opened: counter("streams_opened_total", "Streams taken over.", "route", "protocol"),
		ended:  counter("streams_ended_total", "Streams that ended, by reason.", "route", "protocol", "reason"),
		current: f.NewGaugeVec(prometheus.GaugeOpts{Name: "holdfast_streams", Help: "Streams held."},
			[]string{"route", "protocol"}),
		entries:    counter("delivered_entries_total", "Entries written to streams.", "route"),
		bytes:      counter("delivered_bytes_total", "Bytes of entries written to streams, framing included.", "route"),
		gaps:       counter("stream_gaps_total", "Gaps that streams ran into, by reason.", "route", "reason"),
		hints:      counter("stream_hints_total", "Hint actions that reached streams.", "route"),
		mismatches: counter("stream_filter_mismatches_total", "Entries with content-filters that streams without such filters did not get.", "route"),
		keepAlives: counter("keep_alives_total", "Keep-alives written.", "route"),
		latency: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "holdfast_publish_to_write_seconds",
			Help:    "From an entry's append to the end of the write that carried it; one sample per write, replays left out.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 4, 10), // 50 µs to 13 s
		}),
		streams: make(map[streamKey]*counters),
	}
}

// Begin has what is counted for a route be there from now on: of a counter that appears
// with its first count, no increase is seen.
func (m *Metrics) Begin(route string) {
	for _, f := range []Framing{Chunked, UntilClose, Frames, QUICFrames, Messages} {
		m.opened.WithLabelValues(route, f.String())
		m.current.WithLabelValues(route, f.String())
	}
	for _, of := range []*prometheus.CounterVec{m.entries, m.bytes, m.keepAlives, m.hints, m.mismatches} {
		of.WithLabelValues(route)
	}
	for _, reason := range gapReasons() {
		m.gaps.WithLabelValues(route, string(reason))
	}
}

func gapReasons() []channels.Reason {
	return []channels.Reason{channels.Evicted, channels.Unknown, channels.Epoch, channels.Missing, channels.Lag, channels.Bus, Origin}
}

// stream returns the counters of a route and protocol.
func (m *Metrics) stream(route string, f Framing) *counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := streamKey{route, f}
	if c := m.streams[key]; c != nil {
		return c
	}
	labels := prometheus.Labels{"route": route, "protocol": f.String()}
	c := &counters{
		opened:     m.opened.With(labels),
		current:    m.current.With(labels),
		reasons:    m.ended.MustCurryWith(labels),
		entries:    m.entries.WithLabelValues(route),
		bytes:      m.bytes.WithLabelValues(route),
		keepAlives: m.keepAlives.WithLabelValues(route),
		hints:      m.hints.WithLabelValues(route),
		mismatches: m.mismatches.WithLabelValues(route),
		gaps:       m.gaps.MustCurryWith(prometheus.Labels{"route": route}),
	}
	for _, reason := range reasons() {
		c.reasons.WithLabelValues(string(reason))
	}
	m.streams[key] = c
	return c
}

// Forget takes a route that has no streams any more out of the metrics.
func (m *Metrics) Forget(route string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.streams, func(key streamKey, _ *counters) bool { return key.route == route })
	of := prometheus.Labels{"route": route}
	vectors := []interface{ DeletePartialMatch(prometheus.Labels) int }{
		m.opened, m.ended, m.current, m.entries, m.bytes, m.gaps, m.hints, m.mismatches, m.keepAlives,
	}
	for _, v := range vectors {
		v.DeletePartialMatch(of)
	}
}

func (c *counters) ended(reason Reason) { c.reasons.WithLabelValues(string(reason)).Inc() }

func (c *counters) gap(reason channels.Reason) { c.gaps.WithLabelValues(string(reason)).Inc() }
