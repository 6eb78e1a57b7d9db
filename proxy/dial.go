package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connectError says that no connection to an origin could be made, so that
// the origin cannot have seen anything of the request.
type connectError struct{ err error }

func (e *connectError) Error() string { return e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// dialer connects to origins. All its errors are *connectError, all its
// connections *originConn.
type dialer struct {
	timeout time.Duration // of TCP and TLS together
	tls     *tls.Config   // never nil
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return d.connect(ctx, network, addr, nil)
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	config := d.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	return d.connect(ctx, network, addr, config)
}

// connect connects, with TLS if config is not nil.
func (d *dialer) connect(ctx context.Context, network, addr string, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, &connectError{err}
	}
	if config == nil {
		return &originConn{Conn: conn}, nil
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &connectError{err}
	}
	return &originConn{Conn: secured}, nil
}

// unansweredError says that a connection to an origin broke, but did not end in
// order, after a request had been written and before a byte of its answer.
type unansweredError struct{ err error }

func (e *unansweredError) Error() string { return e.err.Error() }

func (e *unansweredError) Unwrap() error { return e.err }

// originConn is a connection to an origin that tells when it is closed, and
// whether it breaks with a request unanswered (*unansweredError).
type originConn struct {
	net.Conn
	asked atomic.Bool // since the last byte came something was written

	mu     sync.Mutex
	closed func() // nil: nobody wants to know
}

// Read implements net.Conn.
func (c *originConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case n > 0:
		c.asked.Store(false)
	case err != nil && err != io.EOF && c.asked.Load(): // readers compare with io.EOF
		err = &unansweredError{err}
	}
	return n, err
}

// Write implements net.Conn.
func (c *originConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	n, err := c.Conn.Write(p)
	if err != nil {
		err = &unansweredError{err}
	}
	return n, err
}

// watch makes closed the function that Close calls, in place of an earlier
// one.
func (c *originConn) watch(closed func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = closed
}

// Close implements net.Conn.
func (c *originConn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	closed := c.closed
	c.closed = nil
	c.mu.Unlock()
	if closed != nil {
		closed()
	}
	return err
}

// CloseWrite passes the half close of a tunnel on.
func (c *originConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

const (
	// expectPatience is how long a body waits for the origin's 100 Continue.
	expectPatience = time.Second
	// maxOriginHead bounds the head of an answer, in bytes.
	maxOriginHead = 1 << 20
	// Origins close idle connections too; the transport notices.
	originIdleTimeout = 30 * time.Second
	originIdleConns   = 256 // kept per origin, or a storm connects anew for every other request
)

// newTransport returns a route's transport. It talks HTTP/1.1, the protocol
// that upgrades, interim answers and every origin agree on, and leaves all
// codings alone.
func newTransport(r *Route, config *tls.Config) *http.Transport {
	if config == nil {
		config = &tls.Config{}
	}
	d := &dialer{timeout: r.ConnectTimeout, tls: config}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            d.dial,
		DialTLSContext:         d.dialTLS,
		Protocols:              &protocols,
		DisableCompression:     true,
		ResponseHeaderTimeout:  r.ResponseHeaderTimeout,
		ExpectContinueTimeout:  expectPatience,
		MaxResponseHeaderBytes: maxOriginHead,
		MaxConnsPerHost:        r.MaxConnections,
		MaxIdleConnsPerHost:    originIdleConns,
		IdleConnTimeout:        originIdleTimeout,
	}
}
