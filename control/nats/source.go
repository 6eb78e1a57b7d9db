package nats

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

const (
	logInterval  = time.Minute // how often the same kind of trouble may be logged
	dropInterval = time.Second // how often dropped messages are counted
)

// Source publishes what comes over NATS. Make it with New, and call Run once.
type Source struct {
	// Fixed after New.
	opts     Options
	identity []nats.Option
	queue    chan *nats.Msg // the library fills it; never closed

	quiet quiet

	// Owned by Run.
	conn    *nats.Conn
	subs    []*nats.Subscription
	dropped int // messages, as counted so far

	// Set by Run and the connection's callbacks, read by any goroutine.
	subscribed atomic.Bool
	up         atomic.Bool
	forbidden  atomic.Bool // a subscription, on the present connection
}

// quiet holds back what others can make us log, each kind for itself. Its fields
// guard themselves.
type quiet struct{ refused, failed, unreachable, trouble, dropped rate.Sometimes }

func newQuiet() quiet {
	return quiet{sometimes(), sometimes(), sometimes(), sometimes(), sometimes()}
}

func sometimes() rate.Sometimes { return rate.Sometimes{Interval: logInterval} }

// New returns a source that has not connected yet. The error is about an option,
// or a file that one names.
func New(o Options) (*Source, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	identity, err := o.identity()
	if err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	return &Source{opts: o, identity: identity, queue: make(chan *nats.Msg, o.queue), quiet: newQuiet()}, nil
}

// NotReady tells why nothing comes over NATS at the moment, empty if something
// can. It may be called from any goroutine and never blocks.
func (s *Source) NotReady() []string {
	switch {
	case !s.up.Load() || !s.subscribed.Load():
		return []string{"nats: not connected"}
	case s.forbidden.Load():
		return []string{"nats: not allowed to subscribe"}
	}
	return nil
}

// Run publishes what comes until ctx ends, then what has come by then, answers it
// and disconnects. While NATS cannot be reached it tries again. The error is that
// an option is of no use to the library.
func (s *Source) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.session(ctx); err != nil {
			return fmt.Errorf("nats: %w", err)
		}
	}
	return nil
}

// session is Run with one connection of the library, which makes it again when
// it is lost. It also ends when the library has given up, as it does after an
// error that it does not know.
func (s *Source) session(ctx context.Context) error {
	nc, closed, err := s.connect(ctx)
	if err != nil {
		return err
	}
	s.conn, s.subs, s.dropped = nc, nil, 0
	defer func() {
		s.subscribed.Store(false)
		nc.Close()
		<-closed
	}()
	if err := s.subscribe(); err != nil {
		s.givenUp(ctx, err)
		return nil
	}
	if !s.listen(ctx, closed) {
		s.givenUp(ctx, nc.LastError())
		return nil
	}
	s.drain()
	return nil
}

// givenUp waits before the next session, for ctx at most.
func (s *Source) givenUp(ctx context.Context, err error) {
	s.quiet.unreachable.Do(func() {
		s.opts.Log.Warn("connection to NATS given up, it is made anew", zap.Error(err))
	})
	select {
	case <-time.After(reconnectWait + rand.N(reconnectMore)):
	case <-ctx.Done():
	}
}

// subscribe asks for our subjects, now or, if there is no connection, as soon as
// there is one.
func (s *Source) subscribe() error {
	for _, subject := range []string{s.opts.Prefix + publishWord, s.opts.Prefix + channelsWord + ">"} {
		sub, err := s.conn.ChanSubscribe(subject, s.queue)
		if err != nil {
			return err
		}
		s.subs = append(s.subs, sub)
	}
	if s.conn.IsConnected() {
		_ = s.conn.FlushTimeout(flushTimeout) // if this fails, disconnected is next
	}
	s.subscribed.Store(true)
	return nil
}

// listen publishes what comes until ctx ends. It returns false if the connection
// was closed before.
func (s *Source) listen(ctx context.Context, closed <-chan struct{}) bool {
	tick := time.NewTicker(dropInterval)
	defer tick.Stop()
	for {
		select {
		case m := <-s.queue:
			s.take(m)
		case <-tick.C:
			s.countDropped()
		case <-closed:
			return false
		case <-ctx.Done():
			return true
		}
	}
}

// drain ends the subscriptions and publishes what had been sent to them before
// the server knew.
func (s *Source) drain() {
	s.countDropped() // there is no count for subscriptions that have ended
	if s.up.Load() {
		s.unsubscribe()
	}
	for len(s.queue) > 0 {
		s.take(<-s.queue)
	}
	if s.up.Load() {
		_ = s.conn.FlushTimeout(flushTimeout) // the answers; who gets none must ask again anyway
	}
}

// unsubscribe returns when the server sends no more, and publishes meanwhile, so
// that the queue does not overflow.
func (s *Source) unsubscribe() {
	for _, sub := range s.subs {
		if err := sub.Drain(); err != nil {
			s.opts.Log.Warn("subscription not ended", zap.String("subject", sub.Subject), zap.Error(err))
		}
	}
	flushed := make(chan error, 1)
	go func() { flushed <- s.conn.FlushTimeout(flushTimeout) }() // ends before we return
	for {
		select {
		case m := <-s.queue:
			s.take(m)
		case err := <-flushed:
			if err != nil {
				s.opts.Log.Warn("subscriptions not drained", zap.Error(err))
			}
			return
		}
	}
}

// countDropped counts what the library has dropped since the last call, because
// the queue was full.
func (s *Source) countDropped() {
	total := 0
	for _, sub := range s.subs {
		if n, err := sub.Dropped(); err == nil {
			total += n
		}
	}
	if total <= s.dropped {
		return
	}
	s.opts.Metrics.dropped.Add(float64(total - s.dropped))
	s.dropped = total
	s.quiet.dropped.Do(func() {
		s.opts.Log.Warn("messages dropped, for they came faster than they could be published", zap.Int("total", total))
	})
}
