//go:build !linux

package hold

import (
	"net"
	"time"
)

// apply sets what net offers everywhere; see sockets_linux.go.
func (o SocketOptions) apply(c net.Conn, _ time.Duration, ownKeepAlive bool) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	if o.SendBuffer > 0 {
		t.SetWriteBuffer(o.SendBuffer)
	}
	if o.Nagle {
		t.SetNoDelay(false)
	}
	if ownKeepAlive && !o.Probes {
		t.SetKeepAlive(false)
	}
}
