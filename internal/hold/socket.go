package hold

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// MaxClientBytes is how much a client may send while it is held, say a
	// pipelined request. It is thrown away.
	MaxClientBytes = 16 << 10

	// Linger is how long a client has to close a connection that we have
	// ended. Closing earlier could reset it, and take from the client what it
	// has not read yet (RFC 9112 §9.6).
	Linger = time.Second
)

// socket is the outlet of HTTP/1.x. It has two parts: a goroutine that watches
// for the client's leaving, and who delivers. The last of them to leave closes
// the connection.
type socket struct {
	// Fixed after newSocket.
	live *live
	conn net.Conn // what we write to: raw or TLS over it
	raw  net.Conn

	// Owned by watch.
	sent  int      // bytes from the client
	trash [32]byte // where they go

	parts atomic.Int32 // how many have not left
}

// adopt begins the stream on conn, of which net/http has already read sent
// bytes that were not meant for it.
func (l *live) adopt(conn net.Conn, sent int) {
	raw := beneath(conn)
	if c, ok := raw.(*Conn); ok {
		raw = c.Inner()
	}
	s := &socket{live: l, conn: conn, raw: raw, sent: sent}
	s.parts.Store(2)
	raw.SetDeadline(time.Time{}) // the server's are for requests
	l.holder.sockets.apply(raw, l.feed.WriteTimeout(), l.feed.OwnKeepAlive())
	l.begin(s)
	go s.watch()
}

// watch reads until the client is gone. What a client sends is ignored within
// bounds; beyond them the stream ends, but is read until the client leaves.
func (s *socket) watch() {
	for warned := false; ; {
		n, err := s.conn.Read(s.trash[:])
		if err != nil {
			s.live.CutOff(Blame(err))
			break
		}
		if s.sent += n; s.sent > MaxClientBytes && !warned {
			warned = true
			s.live.End(ReasonClientData)
		}
	}
	s.leave()
}

func (s *socket) write(p []byte) error { return pieces(p, s.writePiece) }

func (s *socket) writePiece(p []byte) error {
	s.extend()
	_, err := s.conn.Write(p)
	return err
}

// extend begins a new write deadline.
func (s *socket) extend() {
	s.conn.SetWriteDeadline(time.Now().Add(s.live.feed.WriteTimeout()))
}

func (s *socket) blame(err error) Reason { return Blame(err) }

// Blame tells why a stream ended whose connection failed with err: io.EOF if
// the client closed it, io.ErrUnexpectedEOF if that was within a TLS record.
func Blame(err error) Reason {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ReasonClientClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ReasonClientReset
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return ReasonWriteTimeout
	default:
		return ReasonWriteError
	}
}

// finish ends the sending half, if clean, and leaves the rest to watch.
func (s *socket) finish(clean bool) {
	if !clean || !s.closeWrite() {
		s.cut()
	}
	s.leave()
}

// closeWrite ends the sending half and gives the client time to do the same.
// It reports false if it cannot.
func (s *socket) closeWrite() bool {
	if t, ok := s.conn.(*tls.Conn); ok {
		s.extend()
		if t.CloseWrite() != nil {
			return false
		}
	}
	half, ok := s.raw.(closeWriter)
	if !ok || half.CloseWrite() != nil {
		return false
	}
	return s.raw.SetReadDeadline(time.Now().Add(Linger)) == nil
}

func (s *socket) cut() { s.raw.Close() }

func (s *socket) leave() {
	if s.parts.Add(-1) == 0 {
		s.raw.Close()
		s.live.gone()
	}
}
