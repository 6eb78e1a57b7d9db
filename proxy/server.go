package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// ServerOptions is what a Server needs. Zero values are the defaults given.
type ServerOptions struct {
	Handler http.Handler
	// Listen are addresses for HTTP/1.x and HTTP/2 with prior knowledge in
	// plain text; TLSListen for HTTP/1.x and HTTP/2 by ALPN, with TLS.
	Listen, TLSListen []string
	// TLS has the certificates. NewServer copies it.
	TLS *tls.Config
	// HTTP3 serves HTTP/3 too, over UDP on TLSListen, and says so in Alt-Svc.
	HTTP3 bool
	// HSTS is how long browsers are told to use nothing but TLS, in whole seconds,
	// where the response does not say it itself. 0: not.
	HSTS time.Duration
	// WrapListener, if set, wraps every listener but those of HTTP/3. TLS is put
	// over it.
	WrapListener func(net.Listener) net.Listener
	// ConnContext, if set, is http.Server's. Over TLS it sees the *tls.Conn. HTTP/3
	// has no such connection.
	ConnContext func(context.Context, net.Conn) context.Context

	ReadHeaderTimeout time.Duration // a client must have sent its head by then; 10 s
	IdleTimeout       time.Duration // of a connection without a request; 2 min
	MaxHeaderBytes    int           // of a request's head; 64 KiB
	// MaxConcurrentStreams bounds the requests at once on one HTTP/2 or HTTP/3
	// connection; 250.
	MaxConcurrentStreams int
	// Metrics counts; nil counts nothing.
	Metrics *Metrics
	// Log is never nil.
	Log *zap.Logger
}

const (
	defaultReadHeaderTimeout = 10 * time.Second
	defaultIdleTimeout       = 2 * time.Minute
	defaultMaxHeaderBytes    = 64 << 10
	defaultMaxStreams        = 250

	// A silent HTTP/2 connection is asked for a sign of life, and one that
	// takes no bytes is closed: nothing else would notice on idle streams.
	pingAfter        = 30 * time.Second
	pingPatience     = 15 * time.Second
	writeBytePatient = time.Minute
)

// Server accepts clients. Bodies have no deadline, since they may be streams:
// what bounds them is the write timeout of each route.
type Server struct {
	http      http.Server
	quic      *quicServer // nil: no HTTP/3
	listeners []listener
	end       context.CancelFunc // ends every request's context
}

type listener struct {
	net.Listener
	secure bool
}

// NewServer opens the listeners. They refuse nobody from now on, but nobody is
// served before Serve. The error names the setting whose address cannot be had.
func NewServer(o ServerOptions) (*Server, error) {
	if len(o.TLSListen) > 0 && o.TLS == nil {
		return nil, errors.New("a TLS address needs certificates")
	}
	o = o.withDefaults()
	ctx, end := context.WithCancel(context.Background())
	s := &Server{end: end, http: http.Server{
		Handler:           announce(&o),
		TLSConfig:         clientTLS(o.TLS),
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.MaxHeaderBytes,
		ConnContext:       o.ConnContext,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		Protocols:         clientProtocols(),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: o.MaxConcurrentStreams,
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingPatience,
			WriteByteTimeout:     writeBytePatient,
		},
	}}
	var err error
	if s.http.ErrorLog, err = zap.NewStdLogAt(o.Log.Named("http"), zap.DebugLevel); err != nil {
		return nil, err
	}
	if err := s.listen(&o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o ServerOptions) withDefaults() ServerOptions {
	o.ReadHeaderTimeout = or(o.ReadHeaderTimeout, defaultReadHeaderTimeout)
	o.IdleTimeout = or(o.IdleTimeout, defaultIdleTimeout)
	o.MaxHeaderBytes = or(o.MaxHeaderBytes, defaultMaxHeaderBytes)
	o.MaxConcurrentStreams = or(o.MaxConcurrentStreams, defaultMaxStreams)
	return o
}

func clientProtocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

// clientTLS is config for clients of event streams. config may be nil.
func clientTLS(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	config = config.Clone()
	// Events are written as they come, each in a record. What is joined of
	// them should not be cut into the small records that a page begins with.
	config.DynamicRecordSizingDisabled = true
	return config
}

func (s *Server) listen(o *ServerOptions) error {
	open := func(addr string, secure bool) error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		l = endure(l, o.Metrics, o.Log)
		if o.WrapListener != nil {
			l = o.WrapListener(l)
		}
		s.listeners = append(s.listeners, listener{l, secure})
		return nil
	}
	for _, addr := range o.Listen {
		if err := open(addr, false); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	for _, addr := range o.TLSListen {
		if err := open(addr, true); err != nil {
			return fmt.Errorf("tls.listen: %w", err)
		}
	}
	if o.HTTP3 {
		return s.listenQUIC(o)
	}
	return nil
}

// listenQUIC serves HTTP/3 at the ports of the listeners with TLS.
func (s *Server) listenQUIC(o *ServerOptions) error {
	s.quic = newQUIC(&s.http, o)
	for _, l := range s.listeners {
		if !l.secure {
			continue
		}
		if err := s.quic.listen(l.Addr().String()); err != nil {
			return fmt.Errorf("tls.listen: %w", err)
		}
	}
	return nil
}

// Addrs returns where the server listens: first Listen's addresses, then
// TLSListen's.
func (s *Server) Addrs() []net.Addr {
	var addrs []net.Addr
	for _, l := range s.listeners {
		addrs = append(addrs, l.Addr())
	}
	return addrs
}

// Serve serves clients on all listeners until Shutdown, then returns nil; or
// until a listener fails, then it closes the others and returns its error.
func (s *Server) Serve() error {
	var wg sync.WaitGroup
	errs, quicErr := make([]error, len(s.listeners)), error(nil)
	for i, l := range s.listeners {
		wg.Go(func() {
			if errs[i] = s.serve(l); errs[i] != nil {
				s.Close()
			}
		})
	}
	if s.quic != nil {
		wg.Go(func() {
			if quicErr = s.quic.serve(); quicErr != nil {
				s.Close()
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, quicErr)...)
}

func (s *Server) serve(l listener) error {
	err := error(nil)
	if l.secure {
		err = s.http.ServeTLS(l, "", "")
	} else {
		err = s.http.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting and waits until requests under way are answered or
// ctx ends; then it ends what is left, tunnels among it. Held streams that
// still run in their handler are requests under way: end them before.
func (s *Server) Shutdown(ctx context.Context) error {
	var wg sync.WaitGroup
	var quicErr error
	if s.quic != nil {
		wg.Go(func() { quicErr = s.quic.shutdown(ctx) })
	}
	err := s.http.Shutdown(ctx)
	wg.Wait()
	return errors.Join(err, quicErr, s.Close())
}

// Close ends everything at once. It may be called more than once.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	if s.quic != nil {
		err = errors.Join(err, s.quic.close())
	}
	for _, l := range s.listeners {
		l.Close() // again, except for those that were never served
	}
	return err
}
