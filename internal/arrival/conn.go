package arrival

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/quota"
)

// Conn is a connection that has come through a Door. It changes nothing of the bytes
// but that it takes a PROXY header away, before the first Read or RemoteAddr returns.
type Conn struct {
	net.Conn
	door *Door

	once    sync.Once // meet
	client  net.Addr  // by the word of the proxy; nil: the peer itself. Fixed after once
	refused bool      // fixed after once

	place  atomic.Pointer[Place] // nil: none, or somebody else's to give back
	closed atomic.Bool
}

// Place is a connection's place among those of its client.
type Place struct {
	counts *quota.Counts[netip.Addr]
	client netip.Addr
}

// Leave gives the place back. It is called once. p may be nil.
func (p *Place) Leave() {
	if p != nil {
		p.counts.Give(p.client)
	}
}

// Beneath returns the connection that carries the bytes. Once RemoteAddr has
// returned it may be used in the place of c.
func (c *Conn) Beneath() net.Conn { return c.Conn }

// Detach has Close keep the place of the connection, for who takes over what is
// beneath: it calls Leave when that is closed. The place is nil if there is none.
func (c *Conn) Detach() *Place { return c.place.Swap(nil) }

// RemoteAddr returns the client's address. The first call waits for the PROXY
// header, if there must be one.
func (c *Conn) RemoteAddr() net.Addr {
	c.meet()
	if c.client != nil {
		return c.client
	}
	return c.Conn.RemoteAddr()
}

// Read implements net.Conn. After a refusal there is nothing to read.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.meet() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.closed.Store(true)
	err := c.Conn.Close()
	c.Detach().Leave()
	return err
}

// meet finds out who the client is, once, and reports whether it is let in.
func (c *Conn) meet() bool {
	if c.door.proxied {
		c.once.Do(c.introduce)
	}
	return !c.refused
}

// introduce reads the PROXY header.
func (c *Conn) introduce() {
	c.Conn.SetReadDeadline(time.Now().Add(c.door.patience))
	client, err := readClient(c.Conn)
	reason := reasonOf(err)
	if err == nil {
		c.Conn.SetReadDeadline(time.Time{}) // net/http sets its own
		c.client = client
		reason = c.door.seat(c, or(client, c.Conn.RemoteAddr()))
	}
	if err == nil && reason == "" {
		return
	}
	c.refused = true
	if reason != "" {
		c.door.refusals.note(reason, or(client, c.Conn.RemoteAddr()), err)
	}
	c.Close()
}

// or returns a, or b if there is no a.
func or(a, b net.Addr) net.Addr {
	if a == nil {
		return b
	}
	return a
}

// sit notes the place of a connection, which may have been closed meanwhile.
func (c *Conn) sit(p *Place) {
	c.place.Store(p)
	if c.closed.Load() {
		c.Detach().Leave()
	}
}
