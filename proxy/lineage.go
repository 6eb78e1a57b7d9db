package proxy

import (
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
)

// lineage is what handlers that take each other's place have in common. What paces
// requests to origins is here, so that the pace does not grow with the number of
// handlers that still have streams.
type lineage struct {
	// Fixed after newLineage.
	limits  map[Reason]*rate.Sometimes
	metrics *Metrics
	streams *hold.Metrics
	sockets *websocket.Metrics

	current atomic.Pointer[Handler] // for new requests
	ending  sync.WaitGroup          // handlers that are being cleared away

	// Held while a handler is made, so that nothing that it shares is cleared away
	// meanwhile. Nobody waits for a network while holding it.
	mu     sync.Mutex
	alive  map[*Handler]struct{} // those with users
	desks  map[string]desks      // by route
	closed bool                  // no handler is made any more
}

// errClosed is why nothing is replaced after Close.
var errClosed = errors.New("the proxy is closed")

func newLineage(o *Options) *lineage {
	l := &lineage{
		limits: map[Reason]*rate.Sometimes{}, metrics: o.Metrics, streams: o.Holding.Counts, sockets: o.Holding.SocketMetrics,
		alive: map[*Handler]struct{}{}, desks: map[string]desks{},
	}
	for _, reason := range reasons() {
		l.limits[reason] = &rate.Sometimes{Interval: logInterval}
	}
	return l
}

// begin makes h the handler for new requests.
func (l *lineage) begin(h *Handler) {
	l.alive[h] = struct{}{}
	l.current.Store(h)
}

// replace is Front.Replace.
func (l *lineage) replace(o Options) error {
	o.Holding = o.Holding.withDefaults()
	before, err := l.succeed(o)
	if err != nil {
		return err
	}
	before.rest(l.current.Load())
	before.left()
	return nil
}

// rest closes the idle connections of a handler that is no longer the current one, but
// for those that it shares with next: its streams seldom ask, and may stay for hours.
// Tokens are next's to check.
func (h *Handler) rest(next *Handler) {
	h.stop()
	for _, rt := range h.routes.all {
		if same := next.routes.named[rt.Name]; same == nil || same.origins != rt.origins {
			rt.origins.CloseIdleConnections()
		}
	}
}

// succeed makes the handler of o the current one and returns the one before, which
// still has its own use of itself.
func (l *lineage) succeed(o Options) (before *Handler, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	before = l.current.Load()
	h, err := newHandler(o, l, before)
	if err != nil {
		return nil, err
	}
	h.generation = before.generation + 1
	for _, d := range l.desks {
		d.recovery.keep(o.Holding.Recovery)
	}
	l.begin(h)
	return before, nil
}

// enter makes the caller a user of the current handler.
func (l *lineage) enter() *Handler {
	for {
		if h := l.current.Load(); h.users.enter() {
			return h
		}
	}
}

// left is called once by each user of h when it needs h no more. It does not block.
func (h *Handler) left() {
	if h.users.leave() {
		h.line.ending.Go(func() { h.line.clear(h) })
	}
}

// clear closes and forgets what h alone had. It has no users any more.
func (l *lineage) clear(h *Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.alive, h)
	h.background.Wait()
	for _, rt := range h.routes.all {
		names, shared := l.stillLocked(rt)
		if !shared {
			rt.origins.CloseIdleConnections()
		}
		l.forget(rt, names)
	}
}

// stillLocked returns the names of the origins that handlers have for a route with
// the name of rt, nil if none has such a route, and whether one shares the passage of rt.
func (l *lineage) stillLocked(rt *route) (names map[string]bool, shared bool) {
	for h := range l.alive {
		same := h.routes.named[rt.Name]
		if same == nil {
			continue
		}
		if names == nil {
			names = map[string]bool{}
		}
		for _, name := range same.originNames() {
			names[name] = true
		}
		shared = shared || same.origins == rt.origins
	}
	return names, shared
}

// forget takes what is counted for rt out of the metrics, but for what belongs to one
// of the origins of a route with its name; nil: there is no such route.
func (l *lineage) forget(rt *route, still map[string]bool) {
	if still == nil {
		l.metrics.forget(rt.Name)
		l.desks[rt.Name].close()
		delete(l.desks, rt.Name)
		l.streams.Forget(rt.Name)
		l.sockets.Forget(rt.Name)
		return
	}
	for _, name := range rt.originNames() {
		if !still[name] {
			l.metrics.origins.forget(rt.Name, name)
		}
	}
}

// close is Handler.Close.
func (l *lineage) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	for _, d := range l.everyDesk() {
		d.close()
	}
	l.ending.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for h := range l.alive {
		h.stop()
		h.background.Wait()
		for _, rt := range h.routes.all {
			rt.origins.CloseIdleConnections()
		}
	}
}

// signerOf is what signs requests of rt: what the settings of now say, whichever
// handler asks. A route that is gone keeps a signer of its own.
func (h *Handler) signerOf(rt *route) Signer {
	now := h.line.current.Load()
	if same := now.routes.named[rt.Name]; same != nil {
		rt = same
	}
	if rt.Signer != nil {
		return rt.Signer
	}
	return now.signer
}
