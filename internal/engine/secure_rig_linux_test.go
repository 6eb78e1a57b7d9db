package engine

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// secureClient is the other end of a stream over TLS. It does not wait.
type secureClient struct {
	*tls.Conn
	below *clientSocket
	log   bytes.Buffer // NSS key log, for forgers
	hello bytes.Buffer // what the server said in the handshake
}

// clientSocket is a socket that does not block as a net.Conn, or before that a
// pipe.
type clientSocket struct {
	net.Conn
	fd      int
	pending []byte // what the socket did not take
	tail    []byte // what has come last

	sent, received int
}

// Read implements net.Conn.
func (c *clientSocket) Read(p []byte) (int, error) {
	n, err := unix.Read(c.fd, p)
	c.received += max(0, n)
	c.tail = append(c.tail, p[:max(0, n)]...)
	c.tail = c.tail[max(0, len(c.tail)-100):]
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(0, n), err
}

// Write implements net.Conn.
func (c *clientSocket) Write(p []byte) (int, error) {
	c.pending = append(c.pending, p...)
	c.push()
	return len(p), nil
}

// push writes what is pending.
func (c *clientSocket) push() {
	n, err := unix.Write(c.fd, c.pending)
	if err == nil {
		c.sent += n
		c.pending = c.pending[n:]
	}
}

// SetWriteDeadline implements net.Conn.
func (c *clientSocket) SetWriteDeadline(time.Time) error { return nil }

var rigCertificate = sync.OnceValues(trialCertificate)

// shake returns two ends that have shaken hands, and what is beneath them.
func shake(t testing.TB, client *secureClient, version uint16) (server *tls.Conn, ours, theirs *hold.Conn) {
	certificate, err := rigCertificate()
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	ours, theirs = &hold.Conn{Conn: a}, &hold.Conn{Conn: heard{b, &client.hello}}
	server = tls.Server(ours, &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true})
	client.Conn = tls.Client(theirs, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, KeyLogWriter: &client.log})
	greeted := make(chan error)
	go func() { greeted <- greet(client.Conn, b) }()
	if err := errors.Join(greet(server, a), <-greeted); err != nil {
		t.Fatal(err)
	}
	return server, ours, theirs
}

// heard notes what is read.
type heard struct {
	net.Conn
	by io.Writer
}

// Read implements net.Conn.
func (h heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.by.Write(p[:n])
	return n, err
}

// holdSecure is hold over TLS.
func (r *rig) holdSecure(t testing.TB, version uint16, buffer int, s hold.Stream, names ...string) (*secureClient, *stream) {
	t.Helper()
	client := new(secureClient)
	server, ours, theirs := shake(t, client, version)
	return client, r.holdOver(t, client, server, ours, theirs, buffer, s, names...)
}

// holdOver is holdSecure after shake.
func (r *rig) holdOver(t testing.TB, client *secureClient, server *tls.Conn, ours, theirs *hold.Conn,
	buffer int, s hold.Stream, names ...string) (held *stream) {
	t.Helper()
	client.below = new(clientSocket)
	client.below.fd, held = r.holdWith(t, buffer, s, func(held *stream) {
		held.overTLS(server, ours, 0)
	}, names...)
	theirs.Replace(client.below)
	return held
}

// some reads what is there, at most n bytes. The end is an error.
func (c *secureClient) some(n int) (string, error) {
	buf := make([]byte, n)
	n, err := c.Read(buf)
	if err == syscall.EAGAIN {
		err = nil
	}
	return string(buf[:n]), err
}

// want reads until text has come.
func (c *secureClient) want(t testing.TB, text string) {
	t.Helper()
	var got string
	for start := time.Now(); len(got) < len(text); {
		more, err := c.some(len(text) - len(got))
		if got += more; err != nil || time.Since(start) > 30*time.Second {
			t.Fatalf("got %q and then %v, want %q", got, err, text)
		}
		if more == "" {
			time.Sleep(100 * time.Microsecond)
		}
	}
	if got != text {
		t.Fatalf("got %q, want %q", got, text)
	}
}

// rest reads to the end.
func (c *secureClient) rest(t testing.TB) (got string, err error) {
	for start := time.Now(); err == nil; {
		var more string
		if more, err = c.some(1 << 16); more == "" {
			time.Sleep(100 * time.Microsecond)
		}
		if got += more; time.Since(start) > 30*time.Second {
			t.Fatalf("no end after %d bytes", len(got))
		}
	}
	return got, err
}

// wantNotified checks that the last that came is an alert as long as close_notify.
// crypto/tls does not tell it from a connection that is just closed.
func (c *secureClient) wantNotified(t testing.TB) {
	t.Helper()
	alert := []byte{applicationRecord, 3, 3, 0, 2 + 1 + 16}
	if c.ConnectionState().Version == tls.VersionTLS12 {
		alert = []byte{alertRecord, 3, 3, 0, 8 + 2 + 16}
	}
	length := len(alert) + int(alert[4])
	if tail := c.below.tail; !bytes.HasPrefix(tail[max(0, len(tail)-length):], alert) {
		t.Errorf("the last bytes are %x, want close_notify", tail)
	}
}

func (c *secureClient) leave() {
	if c.below.fd >= 0 {
		unix.Close(c.below.fd)
		c.below.fd = -1
	}
}
