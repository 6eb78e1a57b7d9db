package engine

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// stream is one held response: a feed with a descriptor. There are very many,
// so it is small: what only few need at a time is in its baggage.
type stream struct {
	loop *loop // fixed

	// Owned by the loop.
	feed   hold.Feed
	tls    *tls.Conn // over a bearer; nil: in the clear
	ticket hold.Ticket
	place  place
	places []place // of further channels
	wrote  time.Duration
	bag    *baggage // nil for most
	socket int32
	slot   int32  // in loop.streams
	serial uint32 // tells it from who had the slot before
	sent   int32  // bytes from the client
	phase  phase
	ready  bool // in loop.ready
	pulse  bool // a keep-alive is due
	unread bool // the client has sent more than was read
	timed  bool // bag.deadline is on the wheel
	// notified: close_notify has been said.
	notified bool
}

// phase is how far a stream has come.
type phase uint8

const (
	flowing   phase = iota
	blocked         // the system takes no more, until it says so
	lingering       // the body is complete; the client should close
	gone            // the descriptor is closed
)

// baggage is what a stream has only while it is blocked, or when it ends.
type baggage struct {
	end hold.Reason // why to end at the head; empty: no need to

	// While blocked.
	sealed  []byte // comes before rest, and is encrypted
	rest    []byte // comes before what the feed has next
	piece   int    // how much of it is written under this deadline
	last    bool   // rest is the end of the body
	putsOff bool   // what is blocked puts off a keep-alive that is due

	// While blocked or lingering.
	deadline time.Duration // after loop.start

	// While lingering, and while last.
	why hold.Reason
}

// takeOver takes the connection of a response whose head is written, that of
// control. In the clear it is claimed, which leaves less garbage; a tls.Conn
// that net/http has closed is of no use, so it is hijacked.
func (s *stream) takeOver(control *http.ResponseController, conn *hold.Conn, secure bool) error {
	if err := control.Flush(); err != nil {
		return err
	}
	if !secure {
		return conn.Claim(s)
	}
	hijacked, buffered, err := control.Hijack()
	if err != nil {
		return err
	}
	over, ok := hijacked.(*tls.Conn)
	if !ok {
		return errors.Join(fmt.Errorf("TLS by %T", hijacked), hijacked.Close())
	}
	s.Inherit(s.overTLS(over, conn, buffered.Reader.Buffered()))
	return nil
}

// Inherit implements hold.Heir: net/http has let go of the connection. The
// stream owns a duplicate of the descriptor, as nothing else keeps the
// net.Conn's part of the garbage away; if none is left, it owns the net.Conn.
func (s *stream) Inherit(conn net.Conn) {
	c := conn.(*net.TCPConn) // see ownable
	p := post{stream: s, do: adopt}
	fd, err := s.loop.engine.duplicate(c)
	if err != nil {
		fd, p.conn = descriptor(c), c
	} else {
		c.Close()
	}
	s.socket = int32(fd)
	s.loop.engine.sockets.Set(fd, s.feed.WriteTimeout(), s.feed.OwnKeepAlive())
	s.loop.post(p)
}

// End implements hold.Ender.
func (s *stream) End(reason hold.Reason) {
	if reason.AtOnce() {
		s.ticket.Refuse() // the errand to end it takes a while
	}
	s.loop.post(post{stream: s, do: end, why: reason})
}

// CutOff ends the stream at once. It implements hold.Heir.
func (s *stream) CutOff(reason hold.Reason) { s.loop.post(post{stream: s, do: cut, why: reason}) }

// Labels implements hold.Labelled.
func (s *stream) Labels() hold.Labels { return s.feed.Labels() }

// Describe implements hold.Describer.
func (s *stream) Describe(tell func(hold.Facts)) {
	s.loop.post(post{stream: s, do: describe, tell: tell})
}

// due is what the feed has to do at the head.
func (s *stream) due() hold.Due {
	d := hold.Due{KeepAlive: s.pulse}
	if s.bag != nil {
		d.End = s.bag.end
	}
	return d
}

// baggage returns the stream's baggage and makes it if there is none.
func (s *stream) baggage() *baggage {
	if s.bag == nil {
		s.bag = new(baggage)
	}
	return s.bag
}
