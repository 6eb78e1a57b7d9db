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
	// Registry, unless nil, counts the places instead, for several holders
	// that work as one.
	Registry *Registry
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
	start   time.Time

	// Each guards itself.
	group    *group
	registry *Registry
	wheel    *wheel.Wheel
	feeds    *Feeds
	batches  sync.Pool // of *Batch
}

var _ Holder = (*Goroutines)(nil)

// New returns a holder. It delivers only while Run runs.
func New(o Options) *Goroutines {
	o = o.withDefaults()
	return &Goroutines{
		sockets:  o.Sockets,
		start:    time.Now(),
		group:    newGroup(),
		registry: o.Registry,
		wheel:    wheel.New(tick, ticks),
		feeds:    NewFeeds(o),
		batches:  sync.Pool{New: func() any { return NewBatch(maxEntries, maxBytes) }},
	}
}

func (o Options) withDefaults() Options {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Registry == nil {
		o.Registry = NewRegistry(o.MaxStreams)
	}
	return o
}

// Run implements Holder.
func (h *Goroutines) Run(ctx context.Context) error {
	// What is cut off at the end needs neither the wheel nor the group.
	var parts sync.WaitGroup
	parts.Go(func() { h.wheel.Run(ctx) })
	parts.Go(func() { h.group.run(ctx) })
	parts.Wait()
	h.registry.CutOff()
	h.registry.Wait()
	return nil
}

// Group implements Holder.
func (h *Goroutines) Group() channels.Group { return h.group }

// Admit implements Holder.
func (h *Goroutines) Admit() error { return h.registry.Admit() }

// Release implements Holder.
func (h *Goroutines) Release() { h.registry.Release() }

// Attach implements Holder.
func (h *Goroutines) Attach(c *channels.Cursor, w Waiter) *Seat {
	s := &Seat{waiter: w}
	if k, ok := w.(Known); ok {
		s.ticket.Note(k.Identity())
	}
	if c != nil {
		h.group.attach(c.Logs(), s)
	}
	h.registry.Enter(&s.ticket, w)
	return s
}

// Detach implements Holder.
func (h *Goroutines) Detach(s *Seat) {
	h.group.detach(s)
	h.registry.Leave(&s.ticket)
}

// Identify implements Holder.
func (h *Goroutines) Identify(s *Seat, who *Who) { h.registry.Identify(&s.ticket, who) }

// Join implements Holder.
func (h *Goroutines) Join(c *channels.Cursor, w Waiter) *Seat {
	s := &Seat{waiter: w}
	h.group.attach(c.Logs(), s)
	return s
}

// Part implements Holder.
func (h *Goroutines) Part(s *Seat) { h.group.detach(s) }

// Drain implements Holder. Event streams are sent a random retry of one to
// three seconds first, so that their clients do not come back all at once.
func (h *Goroutines) Drain(ctx context.Context, window time.Duration) error {
	return h.registry.Drain(ctx, window)
}

// Hold implements Holder.
func (h *Goroutines) Hold(w http.ResponseWriter, r *http.Request, s *Stream) (wait func(), err error) {
	if wait, err = h.hold(w, r, s); err != nil {
		s.Cursor.Close()
		h.registry.Release()
		return nil, fmt.Errorf("hold: %w", err)
	}
	return wait, nil
}

// hold finds the way to take the response over and goes it.
func (h *Goroutines) hold(w http.ResponseWriter, r *http.Request, s *Stream) (wait func(), err error) {
	control := http.NewResponseController(w)
	if err := control.Flush(); err != nil {
		return nil, err
	}
	framing := FramingOf(r)
	l := h.newLive(s, framing)
	if framing.Multiplexed() {
		return l.serve(w, r), nil
	}
	if conn := ConnOf(r); conn != nil {
		return nil, conn.Claim(l)
	}
	return nil, l.hijack(control)
}
