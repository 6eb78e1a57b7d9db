package engine

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// duplicate returns a descriptor of c's socket that is closed apart from c.
func duplicate(c *net.TCPConn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd = -1
	if failed := raw.Control(func(own uintptr) {
		fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0)
	}); failed != nil {
		return -1, failed
	}
	return fd, err
}

// descriptor returns c's own descriptor, -1 if it is closed.
func descriptor(c *net.TCPConn) (fd int) {
	fd = -1
	if raw, err := c.SyscallConn(); err == nil {
		raw.Control(func(own uintptr) { fd = int(own) })
	}
	return fd
}

// send writes what the socket takes at once, which may be nothing. It neither
// waits nor raises SIGPIPE. x/sys has no call that tells how much was taken and
// allocates nothing.
func send(fd int, p []byte) (n int, err error) {
	for {
		r, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
			uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// receive reads what is there. The error is EAGAIN if that is nothing.
func receive(fd int, p []byte) (n int, err error) {
	for {
		n, _, err = unix.Recvfrom(fd, p, unix.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
