package proxy

import (
	"net"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// resetUnlessFramed ends the connection of a client in HTTP/1.0 that was cut within an
// answer. There the end of the connection is the end of the body, so it is not to look
// like one: it is a reset, and nothing of TLS says goodbye before it. All others see by
// the framing that something is missing.
func (w *responseWriter) resetUnlessFramed() {
	if !w.http10 || !w.wrote || w.hijacked {
		return
	}
	conn, _, err := w.Hijack()
	if err != nil {
		return // not a connection, as in tests
	}
	defer conn.Close()
	under := carrier(conn)
	if tcp, ok := under.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	under.Close()
}

// carrier is what carries the bytes of a connection that the server has accepted.
func carrier(c net.Conn) net.Conn {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = over.NetConn()
	}
	if over, ok := c.(*hold.Conn); ok {
		c = over.Inner()
	}
	return c
}
