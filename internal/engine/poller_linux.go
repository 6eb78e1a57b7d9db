package engine

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// poller says what sockets are ready for.
type poller interface {
	// add watches a socket from now on, until it is closed.
	add(fd int, slot int32, serial uint32) error
	// watch tells of events until close. One goroutine at a time may call it.
	watch(tell func([]event))
	// close ends watch. It may be called more than once.
	close()
}

// event is something that happened to a socket.
type event struct {
	slot   int32
	serial uint32
	mask   uint32 // EPOLL...
}

// epoll is the poller of Linux. Its descriptor is itself watched by Go's
// scheduler, so that watch waits as any goroutine does.
type epoll struct {
	fd   int
	file *os.File
}

func newEpoll() (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or NewFile would not watch it
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return &epoll{fd, os.NewFile(uintptr(fd), "epoll")}, nil
}

// interest is asked for once. Edges come once per change, so that a blocked
// socket costs no system call but the write that goes on.
const interest = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func (p *epoll) add(fd int, slot int32, serial uint32) error {
	e := unix.EpollEvent{Events: interest, Fd: slot, Pad: int32(serial)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &e))
}

func (p *epoll) watch(tell func([]event)) {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return // closed
	}
	found := make([]unix.EpollEvent, 128)
	events := make([]event, 0, len(found))
	for {
		var n int
		// Go watches for edges, too: it may only wait when nothing is left.
		closed := raw.Read(func(fd uintptr) bool {
			n, err = unix.EpollWait(int(fd), found, 0)
			return n != 0 || err != nil
		})
		if closed != nil || err != nil && err != syscall.EINTR {
			return
		}
		events = events[:0]
		for _, e := range found[:max(0, n)] {
			events = append(events, event{e.Fd, uint32(e.Pad), e.Events})
		}
		tell(events)
	}
}

func (p *epoll) close() { p.file.Close() }
