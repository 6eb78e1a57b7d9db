package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// connectError says that no connection to an origin could be made, so that
// the origin cannot have seen anything of the request.
type connectError struct{ err error }

func (e *connectError) Error() string { return e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// dialer connects to origins. All its errors are *connectError.
type dialer struct {
	timeout time.Duration // of TCP and TLS together
	tls     *tls.Config   // never nil
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: d.timeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, &connectError{err}
	}
	return conn, nil
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &connectError{err}
	}
	return secured, nil
}

const (
	// expectPatience is how long a body waits for the origin's 100 Continue.
	expectPatience = time.Second
	// maxOriginHead bounds the head of an answer, in bytes.
	maxOriginHead = 1 << 20
	// Origins close idle connections too; the transport notices.
	originIdleTimeout = 30 * time.Second
	originIdleConns   = 64 // kept per origin
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
		MaxIdleConnsPerHost:    originIdleConns,
		IdleConnTimeout:        originIdleTimeout,
	}
}
