package floor

import (
	"errors"
	"net"
	"net/http"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// loop owns all streams.
type loop struct {
	wake   chan batch // never closed
	done   chan struct{}
	ended  sync.WaitGroup
	hangup int // an epoll set of all streams
	bell   int // an eventfd in it, which ends watch

	mu       sync.Mutex // one pass at most is made under it
	streams  map[int]*stream
	channels map[string]map[int]*stream // by descriptor
}

type stream struct {
	fd       int
	channels []string
}

// writeTimeout is how long, in milliseconds, the loop waits for a full socket.
const writeTimeout = 5000

func newLoop() (*loop, error) {
	hangup, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(hangup)
		return nil, os.NewSyscallError("eventfd", err)
	}
	if err := watchFor(hangup, bell, unix.EPOLLIN); err != nil {
		unix.Close(hangup)
		unix.Close(bell)
		return nil, err
	}
	l := &loop{
		wake: make(chan batch, 64), done: make(chan struct{}), hangup: hangup, bell: bell,
		streams: map[int]*stream{}, channels: map[string]map[int]*stream{},
	}
	l.ended.Go(l.run)
	l.ended.Go(l.watch)
	return l, nil
}

func watchFor(set, fd int, events uint32) error {
	err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
	return os.NewSyscallError("epoll_ctl", err)
}

// close ends the loop and closes every stream. No handler may run any more.
func (l *loop) close() {
	close(l.done)
	unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	l.ended.Wait()
	for _, s := range l.streams {
		unix.Close(s.fd)
	}
	unix.Close(l.hangup)
	unix.Close(l.bell)
}

// run writes what is published.
func (l *loop) run() {
	for {
		select {
		case b := <-l.wake:
			l.pass(b)
		case <-l.done:
			return
		}
	}
}

func (l *loop) pass(b batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, message := range b {
		for _, s := range l.channels[message.channel] {
			if !send(s.fd, message.chunk) {
				l.drop(s)
			}
		}
	}
}

// send writes all of p, and reports whether the stream lives.
func send(fd int, p []byte) bool {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		switch {
		case err == nil:
			p = p[n:]
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, writeTimeout)
			if ready == 0 || err != nil && err != unix.EINTR {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// watch drops streams whose clients have gone.
func (l *loop) watch() {
	var events [256]unix.EpollEvent
	for {
		n, err := unix.EpollWait(l.hangup, events[:], -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for _, event := range events[:max(n, 0)] {
			if int(event.Fd) == l.bell {
				return
			}
			l.mu.Lock()
			if s := l.streams[int(event.Fd)]; s != nil {
				l.drop(s)
			}
			l.mu.Unlock()
		}
	}
}

// drop closes a stream; the caller holds mu. Closing takes it out of the epoll
// set.
func (l *loop) drop(s *stream) {
	delete(l.streams, s.fd)
	for _, name := range s.channels {
		delete(l.channels[name], s.fd)
		if len(l.channels[name]) == 0 {
			delete(l.channels, name)
		}
	}
	unix.Close(s.fd)
}

// hold takes the connection over and keeps it. The error is that it could not be
// taken.
func (l *loop) hold(w http.ResponseWriter, channels []string) error {
	fd, err := takeOver(w)
	if err != nil {
		return err
	}
	s := &stream{fd, channels}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams[fd] = s
	for _, name := range channels {
		if l.channels[name] == nil {
			l.channels[name] = map[int]*stream{}
		}
		l.channels[name][fd] = s
	}
	if watchFor(l.hangup, fd, unix.EPOLLRDHUP|unix.EPOLLET) != nil || !send(fd, []byte(head)) {
		l.drop(s)
	}
	return nil
}

// takeOver returns a descriptor of the request's connection, which net/http has
// nothing to do with any more.
func takeOver(w http.ResponseWriter) (int, error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	raw, ok := conn.(*net.TCPConn)
	if !ok {
		return 0, errors.New("no TCP connection")
	}
	file, err := raw.File()
	if err != nil {
		return 0, err
	}
	defer file.Close()
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	return fd, unix.SetNonblock(fd, true)
}
