package proxy

import (
	"bufio"
	"errors"
	"net"
)

// errEarlySwitch: a connection has another protocol only after a whole request
// (RFC 9110 §7.8).
var errEarlySwitch = errors.New("the answer switches protocols before the end of the request's body")

// bufferedConn is a connection of which a buffer has read something already.
type bufferedConn struct {
	net.Conn
	from *bufio.Reader // reads from Conn
}

// Read implements net.Conn.
func (c *bufferedConn) Read(p []byte) (int, error) { return c.from.Read(p) }

// CloseWrite passes the half close of a tunnel on.
func (c *bufferedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
