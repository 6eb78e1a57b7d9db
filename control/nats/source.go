package nats

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

const (
	logInterval  = time.Minute // how often the same kind of trouble may be logged
	dropInterval = time.Second // how often dropped messages are counted
	// maxUnderway is how many publications into a stream may wait for it, or for
	// the items that they must follow.
	maxUnderway = 1024
)

// Source publishes what comes over NATS. Make it with New, and call Run once.
type Source struct {
	// Fixed after New.
	opts  Options
	link  *Link
	queue chan *nats.Msg // the library fills it; never closed

	quiet quiet

	// Publications that take their time, and room for them.
	pending  sync.WaitGroup
	underway chan struct{}

	// Owned by Run.
	conn    *nats.Conn
	subs    []*nats.Subscription
	dropped int // messages, as counted so far
	losses  losses

	// Set by Run and by the connection's callbacks, read by any goroutine.
	subscribed atomic.Bool
	away       atomic.Bool // there was a connection, and is none
	current    atomic.Bool // streams have been told of all that may have been lost
}

// quiet holds back what others can make us log, each kind for itself. Its fields
// guard themselves.
type quiet struct{ refused, failed, trouble, dropped, lost rate.Sometimes }

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
	s := &Source{opts: o, queue: make(chan *nats.Msg, o.queue), underway: make(chan struct{}, maxUnderway), quiet: newQuiet(), losses: newLosses()}
	link := LinkOptions{
		Access: o.Access, Metrics: o.Metrics.link, Log: o.Log, Up: s.connected, Lost: s.lost,
		Rights: o.Rights(), Relays: o.Relay != nil,
	}
	if o.Relay != nil {
		o.Relay.prefix, o.Relay.notReady, o.Relay.metrics = o.Prefix, s.NotReady, o.Metrics
		link.Refused = o.Relay.refusals.add
	}
	var err error
	s.link, err = NewLink(link)
	return s, err
}

// NotReady tells why nothing comes over NATS at the moment, empty if something
// can. It may be called from any goroutine and never blocks.
func (s *Source) NotReady() []string {
	if !s.subscribed.Load() || !s.current.Load() {
		return []string{"nats: not connected"}
	}
	return s.link.NotReady()
}

// Run publishes what comes until ctx ends, then what has come by then, answers it
// and disconnects. While NATS cannot be reached it tries again. The error is that
// an option is of no use to the library.
func (s *Source) Run(ctx context.Context) error {
	defer s.pending.Wait()
	return s.link.Run(ctx, func(nc *nats.Conn, closed <-chan struct{}) error { return s.session(ctx, nc, closed) })
}

// session is Run with one connection of the library.
func (s *Source) session(ctx context.Context, nc *nats.Conn, closed <-chan struct{}) error {
	s.conn, s.subs, s.dropped = nc, nil, 0
	s.losses.wait()
	defer s.subscribed.Store(false)
	if err := s.subscribe(); err != nil {
		return err
	}
	defer s.relay(nc)()
	if s.listen(ctx, closed) {
		s.drain()
	}
	return nil
}

// relay lets the relay use a connection until stop is called.
func (s *Source) relay(nc *nats.Conn) (stop func()) {
	if s.opts.Relay == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.opts.Relay.run(ctx, nc, s.droppedSoFar) })
	return func() {
		cancel()
		running.Wait()
	}
}

// subscribe asks for our subjects, now or, if there is no connection, as soon as
// there is one.
func (s *Source) subscribe() error {
	publish, channels := s.opts.Prefix+publishWord, s.opts.Prefix+channelsWord+">"
	var err error
	if s.opts.Stored {
		err = s.keep(s.conn.ChanQueueSubscribe(publish, s.opts.Prefix, s.queue))
	} else if err = s.keep(s.conn.ChanSubscribe(publish, s.queue)); err == nil {
		err = s.keep(s.conn.ChanSubscribe(channels, s.queue))
	}
	if err != nil {
		return err
	}
	if s.conn.IsConnected() {
		_ = s.conn.FlushTimeout(flushTimeout) // if this fails, disconnected is next
	}
	s.subscribed.Store(true)
	return nil
}

func (s *Source) keep(sub *nats.Subscription, err error) error {
	if err == nil {
		s.subs = append(s.subs, sub)
	}
	return err
}

// listen publishes what comes until ctx ends. It returns false if the connection
// was closed before.
func (s *Source) listen(ctx context.Context, closed <-chan struct{}) bool {
	tick := time.NewTicker(dropInterval)
	defer tick.Stop()
	for {
		select {
		case m := <-s.incoming():
			s.take(m)
		case <-tick.C:
			s.countDropped()
		case <-s.losses.note:
			s.noted()
		case <-s.losses.due.C:
			s.interrupt()
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
	if s.link.up.Load() {
		s.unsubscribe()
	}
	for len(s.queue) > 0 {
		s.take(<-s.queue)
	}
	s.pending.Wait()
	if s.link.up.Load() {
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
	total := s.droppedSoFar()
	if total <= s.dropped {
		return
	}
	s.opts.Metrics.dropped.Add(float64(total - s.dropped))
	s.dropped = total
	s.mayHaveLost() // the library tells of the first of a row only
	s.quiet.dropped.Do(func() {
		s.opts.Log.Warn("messages dropped, for they came faster than they could be published", zap.Int("total", total))
	})
}

// droppedSoFar is how many messages the library has dropped. The relay calls it
// too, while the subscriptions stay the same.
func (s *Source) droppedSoFar() (total int) {
	for _, sub := range s.subs {
		if n, err := sub.Dropped(); err == nil {
			total += n
		}
	}
	return total
}
