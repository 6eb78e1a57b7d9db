package engine

import (
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// receiveBytes is how much is read from a client before others have their
// turn.
const receiveBytes = 64 << 10

// adopt begins a stream. conn, unless nil, owns its descriptor.
func (l *loop) adopt(s *stream, conn net.Conn) {
	if !l.watched { // not before, for it keeps fake time from passing
		l.watched = true
		l.watch.Go(func() { l.poller.watch(l.tell) })
	}
	l.serial++
	s.serial = l.serial
	s.slot = l.seat(s)
	s.wrote = l.since()
	if conn != nil {
		l.kept[s] = conn
	}
	s.feed.Open()
	if s.feed.Reachable() {
		s.feed.Bind(
			func(who *hold.Who) { l.engine.registry.Identify(&s.ticket, who) },
			func() { l.post(post{stream: s, do: look}) },
		)
	}
	l.attach(s, s.feed.Logs())
	l.engine.registry.Enter(&s.ticket, s)
	if err := l.poller.add(int(s.socket), s.slot, s.serial); err != nil {
		l.sever(s, hold.ReasonWriteError)
		return
	}
	if wait := s.feed.KeepAliveAfter(); wait > 0 {
		l.arm(s, keepAlive, wait)
	}
	l.makeReady(s)
}

// seat finds a slot for s.
func (l *loop) seat(s *stream) int32 {
	if n := len(l.free); n > 0 {
		slot := l.free[n-1]
		l.free = l.free[:n-1]
		l.streams[slot] = s
		return slot
	}
	l.streams = append(l.streams, s)
	return int32(len(l.streams) - 1)
}

// at returns the stream with that slot and serial, nil if it is gone.
func (l *loop) at(slot int32, serial uint32) *stream {
	if s := l.streams[slot]; s != nil && s.serial == serial {
		return s
	}
	return nil
}

// receive reads what the client sends and throws it away. Beyond a little the
// stream ends, but is read until the client leaves: a connection that is
// closed with something unread in it is reset.
func (l *loop) receive(s *stream) {
	if s.tls != nil {
		l.receiveSecure(s)
		return
	}
	s.unread = false
	for l.allowance = receiveBytes; l.allowance > 0; {
		switch _, err := l.take(s, l.trash); {
		case err == syscall.EAGAIN:
			return
		case err != nil:
			l.left(s, hold.Blame(err))
			return
		}
	}
	s.unread = true
	l.makeReady(s)
}

// take reads from the socket of s, within what this visit allows.
func (l *loop) take(s *stream, p []byte) (int, error) {
	if l.allowance <= 0 {
		return 0, syscall.EAGAIN
	}
	n, err := receive(int(s.socket), p[:min(len(p), l.allowance)])
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, io.EOF
	}
	l.allowance -= n
	l.count(s, n)
	return n, nil
}

// count counts what the client has sent. It may be too much.
func (l *loop) count(s *stream, n int) {
	before := s.sent
	if s.sent += int32(n); s.sent > hold.MaxClientBytes && before <= hold.MaxClientBytes {
		l.endAtHead(s, hold.ReasonClientData)
	}
	s.sent = min(s.sent, hold.MaxClientBytes+1)
}

// hangUp ends a stream whose client has left. Half-closed counts: who will ask
// for nothing any more does not read either. Over TLS what was sent before is
// read first, for a client says close_notify, and a connection that is closed
// with something unread in it is reset.
func (l *loop) hangUp(s *stream, mask uint32) {
	if s.tls != nil && s.phase != blocked && mask&unix.EPOLLERR == 0 {
		l.receive(s)
		return
	}
	err := error(io.EOF)
	if mask&unix.EPOLLERR != 0 {
		if code, failed := unix.GetsockoptInt(int(s.socket), unix.SOL_SOCKET, unix.SO_ERROR); failed == nil && code != 0 {
			err = syscall.Errno(code)
		}
	}
	l.left(s, hold.Blame(err))
}

// left ends a stream that the client has left.
func (l *loop) left(s *stream, why hold.Reason) {
	if s.phase == lingering {
		l.gone(s)
		return
	}
	l.sever(s, why)
}

// endAtHead has s end when it has written what was published until then, or sooner
// if why says so.
func (l *loop) endAtHead(s *stream, why hold.Reason) {
	if s.phase >= lingering {
		return
	}
	if b := s.baggage(); b.end == "" || why.AtOnce() {
		b.end = why
	}
	l.makeReady(s)
}

// finish ends the sending half, as the body is complete, and gives the client
// time to do the same (RFC 9112 §9.6).
func (l *loop) finish(s *stream, why hold.Reason) {
	if s.tls != nil && !l.notify(s, why) {
		return
	}
	l.leave(s)
	s.phase, s.bag = lingering, &baggage{why: why}
	if unix.Shutdown(int(s.socket), unix.SHUT_WR) != nil {
		l.gone(s)
		return
	}
	l.limit(s, hold.Linger)
}

// sever ends a stream at once.
func (l *loop) sever(s *stream, why hold.Reason) {
	if s.phase < lingering {
		l.leave(s)
		s.bag = &baggage{why: why}
		l.gone(s)
	}
}

// leave takes s out of its channels: it reads no more.
func (l *loop) leave(s *stream) {
	l.detach(s)
	s.feed.Close()
}

// gone closes the descriptor of a stream that has left its channels.
func (l *loop) gone(s *stream) {
	s.phase, s.unread = gone, false // its descriptor may soon be another's
	if conn := l.kept[s]; conn != nil {
		conn.Close()
		delete(l.kept, s)
	} else {
		unix.Close(int(s.socket)) // which takes it out of the poller, too
	}
	l.streams[s.slot] = nil
	l.free = append(l.free, s.slot)
	l.load.Add(-1)
	s.feed.Ended(s.bag.why)
	l.engine.registry.Leave(&s.ticket)
}

// limit gives a stream a new deadline. What looks at one already is enough for one
// that is later, but who lingers has less time than who was blocked.
func (l *loop) limit(s *stream, d time.Duration) {
	s.bag.deadline = l.since() + d
	if !s.timed || s.phase == lingering {
		s.timed = true
		l.arm(s, deadline, d)
	}
}

// overdue looks at a deadline that may have passed.
func (l *loop) overdue(s *stream) {
	s.timed = false
	if s.phase != blocked && s.phase != lingering {
		return
	}
	if left := s.bag.deadline - l.since(); left > 0 {
		s.timed = true
		l.arm(s, deadline, left)
		return
	}
	if s.phase == lingering {
		l.gone(s)
		return
	}
	l.sever(s, hold.ReasonWriteTimeout)
}

// beat looks whether a keep-alive is due.
func (l *loop) beat(s *stream) {
	if s.phase >= lingering {
		return
	}
	due, again := s.feed.Beat(l.since() - s.wrote)
	if due {
		s.pulse = true
		l.makeReady(s)
	}
	l.arm(s, keepAlive, again)
}
