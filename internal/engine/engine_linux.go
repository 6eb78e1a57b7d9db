package engine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// maxLoops is how many loops an index can tell apart.
const maxLoops = 64

// Engine is the hold.Holder whose plain HTTP/1.x streams have no goroutines.
// See the package comment.
type Engine struct {
	// Fixed after New.
	sockets   hold.SocketOptions
	secure    *tlsBuffers // nil: loops cannot hold streams over TLS
	loops     []*loop
	duplicate func(*net.TCPConn) (int, error)
	group     *group

	// Each guards itself.
	index    *index
	registry *hold.Registry // of rest too
	feeds    *hold.Feeds
	rest     *hold.Goroutines // holds what no loop can
}

var _ hold.Holder = (*Engine)(nil)

// New returns an engine. It delivers only while Run runs, and Run must be
// called, for the engine has descriptors of its own. The error is that the
// system has none left.
func New(o Options) (*Engine, error) {
	if o.Metrics == nil {
		o.Metrics = hold.NewMetrics(nil)
	}
	if o.Registry == nil {
		o.Registry = hold.NewRegistry(o.MaxStreams)
	}
	secure, err := tryTLS()
	if err != nil && o.Log != nil {
		o.Log.Warn("streams over TLS are held with goroutines", zap.Error(err))
	}
	e := &Engine{
		secure:    secure,
		sockets:   o.Sockets,
		duplicate: duplicate,
		index:     newIndex(),
		registry:  o.Registry,
		feeds:     hold.NewFeeds(o.Options),
		rest:      hold.New(o.Options),
	}
	e.group = &group{e.index, e.rest.Group()}
	for range loopsOf(o.Loops) {
		p, err := newEpoll()
		if err != nil {
			e.close()
			return nil, fmt.Errorf("event loop: %w", err)
		}
		e.addLoop(p)
	}
	return e, nil
}

func loopsOf(configured int) int {
	if configured <= 0 {
		configured = runtime.GOMAXPROCS(0)
	}
	return min(configured, maxLoops)
}

func (e *Engine) addLoop(p poller) {
	l := newLoop(e, len(e.loops), p)
	e.loops = append(e.loops, l)
	e.index.loops = e.loops
}

func (e *Engine) close() {
	for _, l := range e.loops {
		l.poller.close()
	}
}

// Run implements hold.Holder.
func (e *Engine) Run(ctx context.Context) error {
	// The loops end after the last stream has, however that comes about.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	for _, l := range e.loops {
		parts.Go(func() { l.run(working) })
	}
	err := e.rest.Run(ctx)
	stop()
	parts.Wait()
	e.close()
	return err
}

// Group implements hold.Holder.
func (e *Engine) Group() channels.Group { return e.group }

// group tells both the loops and the other holder of news: what a cursor is
// made for is decided after it was made.
type group struct {
	loops *index
	rest  channels.Group
}

// Wake implements channels.Group.
func (g *group) Wake(l *channels.Log) {
	g.loops.wake(l)
	g.rest.Wake(l)
}

// Admit implements hold.Holder.
func (e *Engine) Admit() error { return e.registry.Admit() }

// Release implements hold.Holder.
func (e *Engine) Release() { e.registry.Release() }

// Attach implements hold.Holder.
func (e *Engine) Attach(c *channels.Cursor, w hold.Waiter) *hold.Seat { return e.rest.Attach(c, w) }

// Detach implements hold.Holder.
func (e *Engine) Detach(s *hold.Seat) { e.rest.Detach(s) }

// Identify implements hold.Holder.
func (e *Engine) Identify(s *hold.Seat, who *hold.Who) { e.rest.Identify(s, who) }

// Join implements hold.Holder.
func (e *Engine) Join(c *channels.Cursor, w hold.Waiter) *hold.Seat { return e.rest.Join(c, w) }

// Part implements hold.Holder.
func (e *Engine) Part(s *hold.Seat) { e.rest.Part(s) }

// Drain implements hold.Holder.
func (e *Engine) Drain(ctx context.Context, window time.Duration) error {
	return e.registry.Drain(ctx, window)
}

// Hold implements hold.Holder.
func (e *Engine) Hold(w http.ResponseWriter, r *http.Request, s *hold.Stream) (wait func(), err error) {
	conn := e.ownable(r)
	if conn == nil || s.Filters.Rewrites() {
		return e.rest.Hold(w, r, s)
	}
	stream := e.newStream(s, hold.FramingOf(r))
	if err := stream.takeOver(http.NewResponseController(w), conn, r.TLS != nil); err != nil {
		stream.loop.load.Add(-1)
		s.Cursor.Close()
		e.registry.Release()
		return nil, fmt.Errorf("hold: %w", err)
	}
	return nil, nil
}

// ownable returns the connection of a request that a loop can hold, nil if it
// must be held otherwise.
func (e *Engine) ownable(r *http.Request) *hold.Conn {
	conn := hold.Beneath(r)
	if conn == nil || hold.FramingOf(r).Multiplexed() || r.TLS != nil && e.secure == nil {
		return nil
	}
	if _, ok := conn.Inner().(*net.TCPConn); !ok {
		return nil
	}
	return conn
}

// newStream prepares a stream for the loop that has the fewest.
func (e *Engine) newStream(s *hold.Stream, f hold.Framing) *stream {
	least := e.loops[0]
	for _, l := range e.loops[1:] {
		if l.load.Load() < least.load.Load() {
			least = l
		}
	}
	least.load.Add(1)
	held := &stream{loop: least, feed: e.feeds.New(s, f)}
	held.ticket.Note(s.Client)
	return held
}
