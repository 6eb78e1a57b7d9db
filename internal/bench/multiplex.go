package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// multiplex opens streams over HTTP/2, so many over each connection. net/http
// reads them: of the client's memory a stream takes about 15 KiB, and a connection
// another 45.
type multiplex struct {
	dialer    dialer
	transport *http.Transport
	each      int // streams a connection

	mu    sync.Mutex // nothing slow under it
	conns map[int]func() (*http.ClientConn, error)
}

func newMultiplex(d dialer, each int) *multiplex {
	only := new(http.Protocols)
	only.SetHTTP2(true)
	return &multiplex{
		dialer: d,
		transport: &http.Transport{
			Protocols:           only,
			DialContext:         d.socket().DialContext,
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: d.insecure},
			TLSHandshakeTimeout: connectTimeout,
			DisableCompression:  true,
		},
		each:  each,
		conns: map[int]func() (*http.ClientConn, error){},
	}
}

// open asks for the n-th stream and returns when the head is there. The stream
// ends with its body, or with ctx. It may be called by many at a time.
func (m *multiplex) open(ctx context.Context, target string, n int) (opened, error) {
	u, err := url.Parse(target)
	if err != nil {
		return opened{}, err
	}
	conn, err := m.connection(ctx, u, n/m.each)
	if err != nil {
		return opened{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(connectTimeout, func() { cancel(context.DeadlineExceeded) })
	defer late.Stop()
	o, err := m.request(ctx, conn, u)
	if err != nil {
		cancel(err)
		return opened{}, err
	}
	o.body = endWith{o.body, cancel}
	return o, nil
}

// connection returns the k-th, which the first who needs it makes.
func (m *multiplex) connection(ctx context.Context, u *url.URL, k int) (*http.ClientConn, error) {
	m.mu.Lock()
	dial := m.conns[k]
	if dial == nil {
		dial = sync.OnceValues(func() (*http.ClientConn, error) {
			return m.transport.NewClientConn(ctx, u.Scheme, withPort(u))
		})
		m.conns[k] = dial
	}
	m.mu.Unlock()
	return dial()
}

func (m *multiplex) request(ctx context.Context, conn *http.ClientConn, u *url.URL) (opened, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return opened{}, err
	}
	req.Header.Set("User-Agent", "holdfast-bench")
	req.Header.Set("Accept", "text/event-stream")
	if m.dialer.lastEventID != "" {
		req.Header.Set("Last-Event-ID", m.dialer.lastEventID)
	}
	resp, err := conn.RoundTrip(req)
	if err != nil {
		return opened{}, err
	}
	if err := m.dialer.check(resp); err != nil {
		resp.Body.Close()
		return opened{}, err
	}
	if resp.ProtoMajor != 2 {
		resp.Body.Close()
		return opened{}, fmt.Errorf("not HTTP/2: %s", resp.Proto)
	}
	return opened{body: resp.Body}, nil
}

// close ends all connections. Nobody may open streams any more.
func (m *multiplex) close() {
	for _, dial := range m.conns {
		if conn, err := dial(); err == nil {
			conn.Close()
		}
	}
}

// endWith is a response's body together with the request's context, which must
// not end before.
type endWith struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b endWith) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}
