package holdtest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// patience is how long to wait for what must come before the test fails.
const patience = 30 * time.Second

// client is one held request, seen from the other side.
type client struct {
	h2   bool
	conn net.Conn // the connection below TLS
	over net.Conn // what is spoken on: conn or TLS over it
	resp *http.Response
	stop func() // ends an HTTP/2 request
}

// hold opens a stream. query is as ServeHTTP reads it.
func (r *rig) hold(t testing.TB, query ...string) *client {
	t.Helper()
	c, err := r.request(query...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	if c.resp.StatusCode != http.StatusOK {
		t.Fatalf("answered %s", c.resp.Status)
	}
	return c
}

// request sends a request and returns when the answer's head has come.
func (r *rig) request(query ...string) (*client, error) {
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	target := "/?" + values.Encode()
	if r.protocol.h2 {
		err = c.http2(r.protocol, target)
	} else {
		err = c.http1(r.protocol, target)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (r *rig) connect() (*client, error) {
	conn, err := r.network.dial()
	if err != nil {
		return nil, err
	}
	c := &client{h2: r.protocol.h2, conn: conn, over: conn, stop: func() {}}
	if !r.protocol.tls {
		return c, nil
	}
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
	if r.protocol.h2 {
		config.NextProtos = []string{"h2"}
	}
	if r.protocol.tls12 {
		config.MaxVersion = tls.VersionTLS12
	}
	secure := tls.Client(conn, config)
	c.over = secure
	if err := secure.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) http1(p protocol, target string) (err error) {
	version := "1.1"
	if p.old {
		version = "1.0"
	}
	if _, err = fmt.Fprintf(c.over, "GET %s HTTP/%s\r\nHost: test\r\n\r\n", target, version); err != nil {
		return err
	}
	c.resp, err = http.ReadResponse(bufio.NewReader(c.over), nil)
	return err
}

func (c *client) http2(p protocol, target string) error {
	dial := func(context.Context, string, string) (net.Conn, error) { return c.over, nil }
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, Protocols: new(http.Protocols)}
	scheme := "http"
	if p.tls {
		scheme = "https"
		transport.Protocols.SetHTTP2(true)
	} else {
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = func() {
		cancel()
		transport.CloseIdleConnections()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://test"+target, nil)
	if err != nil {
		return err
	}
	c.resp, err = transport.RoundTrip(req)
	return err
}

func (c *client) close() {
	c.stop()
	c.conn.Close()
}

// reset closes the connection with a TCP reset.
func (c *client) reset() {
	c.conn.(*net.TCPConn).SetLinger(0)
	c.close()
}

// limit makes a test that waits in vain fail. An HTTP/2 connection is read all
// the time, so there only the test's own time limit helps.
func (c *client) limit() {
	if !c.h2 {
		c.conn.SetReadDeadline(time.Now().Add(patience))
	}
}

// want checks that text comes next.
func (c *client) want(t testing.TB, text string) {
	t.Helper()
	c.limit()
	got := make([]byte, len(text))
	n, err := io.ReadFull(c.resp.Body, got)
	if string(got[:n]) != text {
		t.Fatalf("got %q, want %q (%v)", clip(string(got[:n])), clip(text), err)
	}
}

// wantEnd checks that the body ends here and is complete.
func (c *client) wantEnd(t testing.TB) {
	t.Helper()
	if rest := c.rest(t); rest != "" {
		t.Fatalf("got %q, want the end", clip(rest))
	}
}

// rest reads a body that ends well.
func (c *client) rest(t testing.TB) string {
	t.Helper()
	c.limit()
	rest, err := io.ReadAll(c.resp.Body)
	if err != nil {
		t.Fatalf("got %q and then %v, want a clean end", clip(string(rest)), err)
	}
	return string(rest)
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}
