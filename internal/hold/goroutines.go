package hold

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/wheel"
)

// Keep-alives are exact to a tick; intervals of up to a minute are looked at
// once per keep-alive.
const (
	tick  = 250 * time.Millisecond
	ticks = 256
)

// Options says how a holder works.
type Options struct {
	// MaxStreams bounds how many streams and waiters are held. Zero is no
	// bound.
	MaxStreams int
	// Sockets is set on every connection that is taken over.
	Sockets SocketOptions
	// Metrics counts. Nil counts for nobody.
	Metrics *Metrics
	// Log gets a line per ended stream at debug level. Nil logs nothing.
	Log *zap.Logger
}

// Goroutines is the Holder that gives every HTTP/1.x stream a goroutine to
// notice the client's leaving, and another for as long as there is something
// to write. See the package comment.
type Goroutines struct {
	// Fixed after New.
	sockets SocketOptions
	metrics *Metrics
	log     *zap.Logger
	start   time.Time

	// Each guards itself.
	group      *group
	registry   *registry
	wheel      *wheel.Wheel
	keepAlives *keepAlives
	batches    sync.Pool // of *batch
}

var _ Holder = (*Goroutines)(nil)

// New returns a holder. It delivers only while Run runs.
func New(o Options) *Goroutines {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Goroutines{
		sockets:    o.Sockets,
		metrics:    o.Metrics,
		log:        o.Log,
		start:      time.Now(),
		group:      newGroup(),
		registry:   newRegistry(o.MaxStreams),
		wheel:      wheel.New(tick, ticks),
		keepAlives: newKeepAlives(),
		batches:    sync.Pool{New: func() any { return newBatch() }},
	}
}

// Run implements Holder.
func (h *Goroutines) Run(ctx context.Context) error {
	// What is cut off at the end needs neither the wheel nor the group.
	var parts sync.WaitGroup
	parts.Go(func() { h.wheel.Run(ctx) })
	parts.Go(func() { h.group.run(ctx) })
	parts.Wait()
	h.cutAll()
	return h.registry.wait(context.Background())
}

// Group implements Holder.
func (h *Goroutines) Group() channels.Group { return h.group }

// Admit implements Holder.
func (h *Goroutines) Admit() error { return h.registry.admit() }

// Release implements Holder.
func (h *Goroutines) Release() { h.registry.release() }

// Attach implements Holder.
func (h *Goroutines) Attach(c *channels.Cursor, w Waiter) *Seat {
	s := &Seat{waiter: w}
	h.group.attach(c.Logs(), s)
	if reason := h.registry.seat(s); reason != "" {
		w.End(reason)
	}
	return s
}

// Detach implements Holder.
func (h *Goroutines) Detach(s *Seat) {
	h.group.detach(s)
	h.registry.unseat(s)
}

// Hold implements Holder.
func (h *Goroutines) Hold(w http.ResponseWriter, r *http.Request, s *Stream) error {
	err := h.hold(w, r, s)
	if err != nil {
		s.Cursor.Close()
		h.registry.release()
		return fmt.Errorf("hold: %w", err)
	}
	return nil
}

// hold finds the way to take the response over and goes it.
func (h *Goroutines) hold(w http.ResponseWriter, r *http.Request, s *Stream) error {
	control := http.NewResponseController(w)
	if err := control.Flush(); err != nil {
		return err
	}
	framing := framingOf(r)
	l := h.newLive(s, framing)
	if framing == Frames {
		l.serve(w, r)
		return nil
	}
	if conn := connOf(r.Context()); conn != nil && r.TLS == nil {
		return conn.take(l)
	}
	return l.hijack(control)
}
