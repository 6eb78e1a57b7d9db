package hold

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// terms are what streams of a kind have in common: they are kept once for all
// of them. They do not change.
type terms struct {
	route        string
	framing      Framing
	form         channels.Form
	events       bool // text/event-stream
	onLag        LagPolicy
	writeTimeout time.Duration
	keep         *keepAlive // nil: none

	metrics *Metrics
	count   *counters
	log     *zap.Logger
}

// termsOf are the terms of one kind of stream.
func termsOf(s *Stream, f Framing, m *Metrics, log *zap.Logger) *terms {
	t := &terms{
		route:        s.Route,
		framing:      f,
		form:         s.Form,
		events:       s.EventStream,
		onLag:        s.OnLag,
		writeTimeout: s.WriteTimeout,
		metrics:      m,
		count:        m.stream(s.Route, f),
		log:          log,
	}
	if s.WriteTimeout <= 0 {
		t.writeTimeout = DefaultWriteTimeout
	}
	t.keep = t.keepAlive(s.KeepAlive)
	return t
}

// keepAlive prepares a keep-alive, nil if there is none.
func (t *terms) keepAlive(k KeepAlive) *keepAlive {
	if k.Interval <= 0 || len(k.Data) == 0 {
		return nil
	}
	return &keepAlive{
		interval: k.Interval,
		mode:     k.Mode,
		effect:   sse.Scan(k.Data).Effect,
		chunk:    t.payload(wire.AppendChunk(nil, k.Data)),
	}
}

// payload is what is sent of a chunk.
func (t *terms) payload(chunk []byte) []byte {
	if t.framing == Chunked {
		return chunk
	}
	return wire.Data(chunk)
}

// frame appends data to dst as one piece of the body.
func (t *terms) frame(dst, data []byte) []byte {
	if t.framing == Chunked {
		return wire.AppendChunk(dst, data)
	}
	return append(dst, data...)
}

// maxTerms bounds how many terms are kept for sharing: origins choose the
// keep-alives.
const maxTerms = 256

// Feeds makes the feeds of a holder. Its methods may be called from any
// goroutine.
type Feeds struct {
	// Fixed after NewFeeds.
	metrics *Metrics
	log     *zap.Logger

	mu    sync.Mutex
	known map[termsKey]*terms
}

// termsKey is what terms differ by.
type termsKey struct {
	route        string
	framing      Framing
	form         channels.Form
	events       bool
	onLag        LagPolicy
	writeTimeout time.Duration
	keepData     string
	keepInterval time.Duration
	keepMode     KeepAliveMode
}

// NewFeeds returns Feeds that count with o.Metrics and log with o.Log.
func NewFeeds(o Options) *Feeds {
	o = o.withDefaults()
	return &Feeds{metrics: o.Metrics, log: o.Log, known: make(map[termsKey]*terms)}
}

// terms returns the terms that s shares with others.
func (fs *Feeds) terms(s *Stream, f Framing) *terms {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	// A conversion within the index expression does not allocate.
	known := fs.known[termsKey{s.Route, f, s.Form, s.EventStream, s.OnLag, s.WriteTimeout,
		string(s.KeepAlive.Data), s.KeepAlive.Interval, s.KeepAlive.Mode}]
	if known != nil {
		return known
	}
	if len(fs.known) >= maxTerms {
		clear(fs.known)
	}
	t := termsOf(s, f, fs.metrics, fs.log)
	fs.known[termsKey{s.Route, f, s.Form, s.EventStream, s.OnLag, s.WriteTimeout,
		string(s.KeepAlive.Data), s.KeepAlive.Interval, s.KeepAlive.Mode}] = t
	return t
}
