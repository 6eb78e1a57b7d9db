package nats

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

const (
	connectTimeout = 5 * time.Second // for reaching a server, and again for its welcome
	pingInterval   = 20 * time.Second
	maxPings       = 2 // unanswered, after which the connection counts as lost
	reconnectWait  = 250 * time.Millisecond
	reconnectMore  = 500 * time.Millisecond // at random, so that nodes do not come all at once
	flushTimeout   = 5 * time.Second
)

// dialer connects until its context ends, so that shutdown does not wait for a
// server that cannot be reached. The library has no other way to tell it.
type dialer struct {
	ctx context.Context
	net.Dialer
}

// Dial is called by the library.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(d.ctx, network, address)
}

// LinkOptions are a Link's parts.
type LinkOptions struct {
	Access Access
	// Metrics counts what becomes of the connection. Required.
	Metrics *LinkMetrics
	// Log gets what becomes of the connection. Required.
	Log *zap.Logger
	// Up and Lost, unless nil, are called when there is a connection, and when
	// it is lost or has lost messages, in order and by one goroutine. They
	// should not block for long.
	Up, Lost func()
	// Refused, unless nil, is called for each message that the server has not let
	// us publish, with the library's error, in the same way.
	Refused func(err error, subject string)
	// Rights are what the user must be allowed to do.
	Rights []Right
	// Relays: what we publish does not come back to our own subscriptions, and
	// what cannot be sent at once is refused.
	Relays bool
}

// Link is a connection to NATS that is made again for ever. Make it with NewLink
// and call Run once.
type Link struct {
	// Fixed after NewLink.
	opts     LinkOptions
	identity []nats.Option

	unreachable, odd rate.Sometimes // what is logged

	// Set by the connection's callbacks, read by any goroutine.
	up atomic.Bool

	mu      sync.Mutex // guards what follows; held for moments
	missing []bool     // by index in Rights: refused on the present connection
}

// NewLink returns a link that has not connected yet. The error is about an
// option, or a file that one names.
func NewLink(o LinkOptions) (*Link, error) {
	identity, err := o.Access.identity()
	if err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	return &Link{opts: o, identity: identity, unreachable: sometimes(), odd: sometimes(), missing: make([]bool, len(o.Rights))}, nil
}

// NotReady tells why the connection is of no use at the moment, empty if it is
// of use. It may be called from any goroutine and never blocks.
func (l *Link) NotReady() []string {
	if !l.up.Load() {
		return []string{"nats: not connected"}
	}
	return l.lacking()
}

// Run gives each connection of the library to session, until ctx ends. The
// library makes a connection again when it is lost; it gives up only after an
// error that it does not know, and then closed is closed and session must
// return, as it must when ctx has ended. The error is that an option is of no
// use to the library.
func (l *Link) Run(ctx context.Context, session func(nc *nats.Conn, closed <-chan struct{}) error) error {
	for ctx.Err() == nil {
		nc, closed, err := l.connect(ctx)
		if err != nil {
			return fmt.Errorf("nats: %w", err)
		}
		err = session(nc, closed)
		if err == nil {
			err = nc.LastError()
		}
		nc.Close()
		<-closed
		if ctx.Err() == nil {
			l.givenUp(ctx, err)
		}
	}
	return nil
}

// givenUp waits before the next session, for ctx at most.
func (l *Link) givenUp(ctx context.Context, err error) {
	l.unreachable.Do(func() {
		l.opts.Log.Warn("connection to NATS given up, it is made anew", zap.Error(err))
	})
	select {
	case <-time.After(reconnectWait + rand.N(reconnectMore)):
	case <-ctx.Done():
	}
}

// connect makes the connection, which need not stand when connect returns: it is
// tried until ctx ends or the connection is closed. The channel is closed when
// the last callback has been called.
func (l *Link) connect(ctx context.Context) (*nats.Conn, <-chan struct{}, error) {
	closed := make(chan struct{})
	options := append([]nats.Option{
		nats.SetCustomDialer(&dialer{ctx, net.Dialer{Timeout: connectTimeout}}),
		nats.SkipHostLookup(), // the dialer does, with its context
		nats.Timeout(connectTimeout),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPings),
		nats.RetryOnFailedConnect(true),
		nats.IgnoreAuthErrorAbort(), // what is refused now may be set right at the server
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectMore, reconnectMore),
		nats.ConnectHandler(l.connected),
		nats.ReconnectHandler(l.reconnected),
		nats.DisconnectErrHandler(l.disconnected),
		nats.ReconnectErrHandler(l.failed),
		nats.ErrorHandler(l.trouble),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }),
	}, l.identity...)
	if l.opts.Relays {
		options = append(options, nats.NoEcho(), nats.ReconnectBufSize(-1))
	}
	nc, err := nats.Connect(l.opts.Access.url(), options...)
	return nc, closed, err
}

// The library calls the functions below from one goroutine, in order.

// connected is called for the first connection.
func (l *Link) connected(nc *nats.Conn) {
	if !nc.IsConnected() {
		return // already lost: a flush would wait for the next, and hold up this news
	}
	l.forget()
	l.probe(nc)
	_ = nc.FlushTimeout(flushTimeout) // if this fails, disconnected is next
	if l.opts.Up != nil {
		l.opts.Up()
	}
	l.up.Store(true)
	l.opts.Metrics.connected.Set(1)
	l.opts.Log.Info("connected to NATS", zap.String("server", l.opts.Access.serverOf(nc)))
}

// reconnected is called for all others.
func (l *Link) reconnected(nc *nats.Conn) {
	l.opts.Metrics.reconnects.Inc()
	l.connected(nc)
}

func (l *Link) disconnected(_ *nats.Conn, err error) {
	l.up.Store(false)
	l.opts.Metrics.connected.Set(0)
	if err != nil { // not by us
		l.opts.Log.Warn("connection to NATS lost", zap.Error(err))
	}
	l.lost()
}

func (l *Link) lost() {
	if l.opts.Lost != nil {
		l.opts.Lost()
	}
}

// failed is called for each try that fails.
func (l *Link) failed(_ *nats.Conn, err error) {
	l.unreachable.Do(func() { l.opts.Log.Warn("NATS cannot be reached", zap.Error(err)) })
}

// trouble is called for what the server or the library has to say.
func (l *Link) trouble(_ *nats.Conn, _ *nats.Subscription, err error) {
	verb, subject, isRefusal := refusal(err)
	switch {
	case errors.Is(err, nats.ErrSlowConsumer): // who subscribed tells more
		l.lost()
	case isRefusal:
		l.refused(verb, subject)
		if verb == Publish && l.opts.Refused != nil {
			l.opts.Refused(err, subject)
		}
	default:
		l.odd.Do(func() { l.opts.Log.Warn("NATS reports an error", zap.Error(err)) })
	}
}
