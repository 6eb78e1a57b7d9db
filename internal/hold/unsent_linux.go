package hold

import (
	"net"

	"golang.org/x/sys/unix"
)

// maxUnsent is how many bytes the system takes for a client beyond what it may send
// (TCP_NOTSENT_LOWAT). Who writes is woken when half of them are sent. Less would make
// fast downloads slower, by more wakes.
const maxUnsent = 512 << 10

// BoundUnsent is for a connection that has just been accepted: a write that is stuck
// goes on as soon as a little of what was written has been sent. The system's own way
// is to wait until a third of its buffer is free, which is megabytes. With a client
// that reads slowly that takes longer than a write may, however steadily it reads.
// A holder sets what its streams need. Without the option c works all the same.
func BoundUnsent(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent) })
}
