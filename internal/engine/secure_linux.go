package engine

import (
	"bytes"
	"crypto/tls"
	"net"
	"syscall"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// maxRecord is how much is encrypted before the system has taken what was
// encrypted before: one TLS record (RFC 8446 §5.1). A stream that is stuck
// keeps no more than that.
const maxRecord = 16 << 10

// bearer is the connection beneath the TLS of a stream. A tls.Conn takes an
// error of Write for final, so Write takes everything and leaves it to the loop
// to send it. An EAGAIN from Read is temporary to it: it keeps what it has of a
// record, and goes on with the next Read.
type bearer struct{ stream *stream }

// Read implements net.Conn. It does not wait.
func (b bearer) Read(p []byte) (int, error) { return b.stream.loop.take(b.stream, p) }

// Write implements net.Conn.
func (b bearer) Write(p []byte) (int, error) {
	l := b.stream.loop
	l.sealed = append(l.sealed, p...)
	return len(p), nil
}

// Close implements net.Conn. The loop closes the socket.
func (bearer) Close() error { return nil }

// LocalAddr implements net.Conn.
func (bearer) LocalAddr() net.Addr { return nil }

// RemoteAddr implements net.Conn.
func (bearer) RemoteAddr() net.Addr { return nil }

// SetDeadline implements net.Conn. The loop has deadlines of its own.
func (bearer) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (bearer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (bearer) SetWriteDeadline(time.Time) error { return nil }

// overTLS puts the loop beneath a hijacked tls.Conn, in the place of the
// connection below conn, which it returns: the stream can inherit that. net/http
// has read sent bytes that were not for it.
func (s *stream) overTLS(secure *tls.Conn, conn *hold.Conn, sent int) (below net.Conn) {
	s.tls, s.sent = secure, int32(sent)
	s.unread = true // TLS may have read more than it was asked for
	return conn.Replace(bearer{s})
}

// seal encrypts p and sends what the socket takes at once. It returns how much
// of p was encrypted; of that the stream may keep some, and then is stuck. It
// must not be before.
func (l *loop) seal(s *stream, p []byte) (n int, err error) {
	l.sealed = l.sealed[:0]
	for n < len(p) && !s.stuck() {
		piece := p[n:min(len(p), n+maxRecord)]
		if _, err := s.tls.Write(piece); err != nil {
			return n, err
		}
		n += len(piece)
		if err := l.flush(s); err != nil {
			return n, err
		}
	}
	return n, nil
}

// stuck reports whether something is encrypted that the system has not taken.
func (s *stream) stuck() bool { return s.bag != nil && len(s.bag.sealed) > 0 }

// flush sends what was encrypted for s, which keeps the rest.
func (l *loop) flush(s *stream) error {
	p := l.sealed
	l.sealed = p[:0]
	n, err := l.push(s, p)
	if err == nil && n < len(p) {
		s.baggage().sealed = bytes.Clone(p[n:])
	}
	return err
}

// receiveSecure is receive for a stream over TLS. One that is blocked is not
// read: a client may ask for an answer as often as it likes (RFC 8446 §4.6.3),
// and those would pile up.
func (l *loop) receiveSecure(s *stream) {
	s.unread = true
	if s.phase == blocked {
		return
	}
	l.sealed, l.allowance = l.sealed[:0], receiveBytes
	var err error
	for err == nil {
		_, err = s.tls.Read(l.trash)
	}
	l.engine.secure.drop(s.tls)
	if failed := l.answer(s); failed != nil && err == syscall.EAGAIN {
		err = failed
	}
	switch {
	case err != syscall.EAGAIN:
		l.left(s, hold.Blame(err))
	case l.allowance <= 0:
		l.makeReady(s)
	default:
		s.unread = false
	}
}

// answer sends what TLS had to say while it read: that a key has changed, or why
// the connection must end.
func (l *loop) answer(s *stream) error {
	if len(l.sealed) == 0 || s.phase != flowing {
		return nil // or it has said close_notify, the last word
	}
	err := l.flush(s)
	if err == nil && s.stuck() {
		l.block(s, baggage{})
	}
	return err
}

// notify says close_notify (RFC 8446 §6.1) and reports whether that is on its
// way. If it is not, the stream has ended or finishes later.
func (l *loop) notify(s *stream, why hold.Reason) bool {
	if s.notified {
		return true
	}
	s.notified = true
	l.sealed = l.sealed[:0]
	err := s.tls.CloseWrite()
	if err == nil {
		err = l.flush(s)
	}
	switch {
	case err != nil:
		l.sever(s, why)
	case s.stuck():
		l.block(s, baggage{last: true, why: why})
	default:
		return true
	}
	return false
}
