package bench

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// connectTimeout bounds everything from dialling to the end of the head.
const connectTimeout = 30 * time.Second

// opened is a response whose head has been read.
type opened struct {
	body    io.ReadCloser // closing it ends the stream
	chunked bool          // the body still has the framing of HTTP/1.1
	early   []byte        // of the body, read together with the head
}

// dialer is how streams are asked for.
type dialer struct {
	source      string // address to connect from; empty for the system's choice
	lastEventID string // empty for none
	deaf        bool   // the system keeps little of what is not read
	insecure    bool   // any certificate will do
	answers     bool   // a response that has an end will do
}

// deafBuffer is the receive buffer of a stream that does not read, in bytes.
// Otherwise some systems keep 10 MB and more for it, and it holds up nobody.
const deafBuffer = 32 << 10

// open asks for a stream over HTTP/1.1 and returns when the head is there.
// Everything but a 200 whose length is open is an error. The caller owns the
// body, which is the connection.
func (d dialer) open(ctx context.Context, target string) (opened, error) {
	u, err := url.Parse(target)
	if err != nil {
		return opened{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := d.dial(ctx, u)
	if err != nil {
		return opened{}, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	o, err := d.request(conn, u)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return opened{}, err
	}
	return o, nil
}

func (d dialer) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	conn, err := d.socket().DialContext(ctx, "tcp", withPort(u))
	if err != nil {
		return nil, err
	}
	if d.deaf {
		if err := conn.(*net.TCPConn).SetReadBuffer(deafBuffer); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if u.Scheme != "https" {
		return conn, nil
	}
	return tls.Client(conn, &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: d.insecure}), nil
}

// socket says how connections are made.
func (d dialer) socket() *net.Dialer {
	dialer := &net.Dialer{KeepAlive: -1, Timeout: connectTimeout}
	if d.source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(d.source)}
		dialer.Control = lateBind
	}
	return dialer
}

func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), cmp.Or(port, "80"))
}

// request sends the request and reads the head. The reader it needs for that is
// gone when the stream begins.
func (d dialer) request(conn net.Conn, u *url.URL) (opened, error) {
	resume := ""
	if d.lastEventID != "" {
		resume = "Last-Event-ID: " + d.lastEventID + "\r\n"
	}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: holdfast-bench\r\nAccept: text/event-stream\r\n%s\r\n",
		u.RequestURI(), u.Host, resume)
	if err != nil {
		return opened{}, err
	}
	r := bufio.NewReaderSize(conn, 1<<10)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return opened{}, err
	}
	if err := d.check(resp); err != nil {
		return opened{}, err
	}
	early := make([]byte, r.Buffered())
	if _, err := io.ReadFull(r, early); err != nil {
		return opened{}, err
	}
	return opened{conn, len(resp.TransferEncoding) > 0, early}, nil
}

// check says why a response will not do.
func (d dialer) check(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	if resp.ContentLength >= 0 && !d.answers {
		return fmt.Errorf("not a stream: Content-Length %d", resp.ContentLength)
	}
	return nil
}
