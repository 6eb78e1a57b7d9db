package hold

import (
	"math"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// apply sets the options for a stream with this write timeout. Failure is not
// worth a stream: the options only bound what it costs. ownKeepAlive says that
// the stream has a keep-alive of its own.
func (o SocketOptions) apply(c net.Conn, write time.Duration, ownKeepAlive bool) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { o.Set(int(fd), write, ownKeepAlive) })
}

// Set is apply for a descriptor.
func (o SocketOptions) Set(fd int, write time.Duration, ownKeepAlive bool) {
	if o.SendBuffer > 0 {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, o.SendBuffer)
	}
	if o.NotSentLowat > 0 {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, o.NotSentLowat)
	}
	if o.Nagle {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 0)
	}
	if ownKeepAlive && !o.Probes {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
	}
	timeout := min(o.userTimeout(write).Milliseconds(), math.MaxInt32) // 24 days; more would wrap around
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout))
}
