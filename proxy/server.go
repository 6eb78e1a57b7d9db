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

// Certificate names a PEM certificate chain and its key.
type Certificate struct{ CertFile, KeyFile string }

// ServerOptions is what a Server needs. Zero values are the defaults given.
type ServerOptions struct {
	Handler http.Handler
	// Listen are addresses for HTTP/1.x and HTTP/2 with prior knowledge in
	// plain text; TLSListen for HTTP/1.x and HTTP/2 by ALPN, with Certificates.
	Listen, TLSListen []string
	Certificates      []Certificate
	// WrapListener, if set, wraps every listener. TLS is put over it.
	WrapListener func(net.Listener) net.Listener
	// ConnContext, if set, is http.Server's. Over TLS it sees the *tls.Conn.
	ConnContext func(context.Context, net.Conn) context.Context

	ReadHeaderTimeout time.Duration // a client must have sent its head by then; 10 s
	IdleTimeout       time.Duration // of a connection without a request; 2 min
	MaxHeaderBytes    int           // of a request's head; 64 KiB
	// MaxConcurrentStreams bounds the requests at once on one HTTP/2
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
	listeners []listener
	end       context.CancelFunc // ends every request's context
}

type listener struct {
	net.Listener
	secure bool
}

// NewServer opens the listeners. They refuse nobody from now on, but nobody is
// served before Serve.
func NewServer(o ServerOptions) (*Server, error) {
	config, err := loadTLS(o.Certificates)
	if err != nil {
		return nil, err
	}
	if len(o.TLSListen) > 0 && len(o.Certificates) == 0 {
		return nil, errors.New("a TLS address needs a certificate")
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{end: end, http: http.Server{
		Handler:           o.Handler,
		TLSConfig:         config,
		ReadHeaderTimeout: or(o.ReadHeaderTimeout, defaultReadHeaderTimeout),
		IdleTimeout:       or(o.IdleTimeout, defaultIdleTimeout),
		MaxHeaderBytes:    or(o.MaxHeaderBytes, defaultMaxHeaderBytes),
		ConnContext:       o.ConnContext,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		Protocols:         clientProtocols(),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: or(o.MaxConcurrentStreams, defaultMaxStreams),
			SendPingTimeout:      pingAfter,
			PingTimeout:          pingPatience,
			WriteByteTimeout:     writeBytePatient,
		},
	}}
	if s.http.ErrorLog, err = zap.NewStdLogAt(o.Log.Named("http"), zap.DebugLevel); err != nil {
		return nil, err
	}
	if err := s.listen(&o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func clientProtocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

func loadTLS(certificates []Certificate) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Events are written as they come, each in a record. What is joined of
		// them should not be cut into the small records that a page begins with.
		DynamicRecordSizingDisabled: true,
	}
	for _, c := range certificates {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", c.CertFile, err)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	return config, nil
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
			return err
		}
	}
	for _, addr := range o.TLSListen {
		if err := open(addr, true); err != nil {
			return err
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
	errs := make([]error, len(s.listeners))
	for i, l := range s.listeners {
		wg.Go(func() {
			if errs[i] = s.serve(l); errs[i] != nil {
				s.Close()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
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
	err := s.http.Shutdown(ctx)
	return errors.Join(err, s.Close())
}

// Close ends everything at once. It may be called more than once.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	for _, l := range s.listeners {
		l.Close() // again, except for those that were never served
	}
	return err
}
