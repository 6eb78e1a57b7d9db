package nats

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
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

// connect makes the connection, which need not stand when connect returns: it is
// tried until ctx ends or the connection is closed. The channel is closed when
// the last callback has been called.
func (s *Source) connect(ctx context.Context) (*nats.Conn, <-chan struct{}, error) {
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
		nats.ConnectHandler(s.connected),
		nats.ReconnectHandler(s.reconnected),
		nats.DisconnectErrHandler(s.disconnected),
		nats.ReconnectErrHandler(s.unreachable),
		nats.ErrorHandler(s.trouble),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }),
	}, s.identity...)
	nc, err := nats.Connect(s.opts.url(), options...)
	return nc, closed, err
}

// The library calls the functions below from one goroutine, in order.

// connected is called for the first connection.
func (s *Source) connected(nc *nats.Conn) {
	s.forbidden.Store(false)
	_ = nc.FlushTimeout(flushTimeout) // if this fails, disconnected is next
	s.up.Store(true)
	s.opts.Metrics.connected.Set(1)
	s.opts.Log.Info("connected to NATS", zap.String("server", nc.ConnectedUrlRedacted()))
}

// reconnected is called for all others.
func (s *Source) reconnected(nc *nats.Conn) {
	s.opts.Metrics.reconnects.Inc()
	s.connected(nc)
}

func (s *Source) disconnected(_ *nats.Conn, err error) {
	s.up.Store(false)
	s.opts.Metrics.connected.Set(0)
	if err != nil { // not by us
		s.opts.Log.Warn("connection to NATS lost", zap.Error(err))
	}
}

// unreachable is called for each try that fails.
func (s *Source) unreachable(_ *nats.Conn, err error) {
	s.quiet.unreachable.Do(func() { s.opts.Log.Warn("NATS cannot be reached", zap.Error(err)) })
}

// trouble is called for what the server or the library has to say.
func (s *Source) trouble(_ *nats.Conn, _ *nats.Subscription, err error) {
	switch {
	case errors.Is(err, nats.ErrSlowConsumer): // countDropped tells more
	case errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), "Subscription"):
		s.forbidden.Store(true)
		s.opts.Log.Error("NATS does not allow a subscription", zap.Error(err))
	default:
		s.quiet.trouble.Do(func() { s.opts.Log.Warn("NATS reports an error", zap.Error(err)) })
	}
}
