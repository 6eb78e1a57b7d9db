package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// connectError says that no connection to an origin could be made, so that
// the origin cannot have seen anything of the request.
type connectError struct{ err error }

func (e *connectError) Error() string { return e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// errNoHTTP2 says that an origin does not offer the protocol that its route wants.
var errNoHTTP2 = errors.New("the origin does not offer HTTP/2 (ALPN h2)")

// dialer connects to origins. All its errors are *connectError. Its connections
// are *originConn if HTTP/1.1 will be spoken, and nothing of ours if HTTP/2:
// there a connection says nothing of one request, and a transport wants a bare
// *tls.Conn.
type dialer struct {
	timeout time.Duration      // of TCP and TLS together
	tls     func() *tls.Config // for one connection
	offers  []string           // by ALPN; none: HTTP/1.1 without a word
	framed  bool               // HTTP/2 is spoken in the clear
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := d.connect(ctx, network, addr)
	if err != nil || d.framed {
		return conn, err
	}
	return &originConn{Conn: conn}, nil
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	config := d.tls()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	config.NextProtos = d.offers
	conn, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, config)
	if err := d.agree(ctx, secured); err != nil {
		conn.Close()
		return nil, &connectError{err}
	}
	if secured.ConnectionState().NegotiatedProtocol == alpnHTTP2 {
		return secured, nil
	}
	return &originConn{Conn: secured}, nil
}

func (d *dialer) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, &connectError{err}
	}
	return conn, nil
}

// agree shakes hands, and looks whether the origin speaks what it must.
func (d *dialer) agree(ctx context.Context, c *tls.Conn) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	agreed := c.ConnectionState().NegotiatedProtocol
	if len(d.offers) > 0 && agreed != alpnHTTP2 && !slices.Contains(d.offers, alpnHTTP1) {
		return errNoHTTP2
	}
	return nil
}

// unansweredError says that a connection to an origin broke, but did not end in
// order, after a request had been written and before a byte of its answer; or
// that HTTP/2 has no answer to a request.
type unansweredError struct{ err error }

func (e *unansweredError) Error() string { return e.err.Error() }

func (e *unansweredError) Unwrap() error { return e.err }

// originConn is a connection to an origin, with HTTP/1.1, that tells when it is
// closed, and whether it breaks with a request unanswered (*unansweredError).
type originConn struct {
	net.Conn
	asked  atomic.Bool   // since the last byte came something was written
	ended  atomic.Bool   // it broke or ended while nothing was asked
	writes atomic.Uint64 // begun before that: nobody reads later ones

	mu     sync.Mutex
	closed func() // nil: nobody wants to know
}

// Read implements net.Conn.
func (c *originConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case n > 0:
		c.asked.Store(false)
	case err != nil && !c.asked.Load():
		c.ended.Store(true)
	case err != nil && err != io.EOF: // readers compare with io.EOF
		err = &unansweredError{err}
	}
	return n, err
}

// Write implements net.Conn.
func (c *originConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	if !c.ended.Load() {
		c.writes.Add(1)
	}
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
