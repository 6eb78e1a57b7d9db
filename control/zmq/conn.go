package zmq

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
	"go.uber.org/zap"
)

// handshakeTimeout is how long a peer may take to introduce itself.
const handshakeTimeout = 10 * time.Second

// serve reads a connection to its end, and closes it.
func (s *Source) serve(on *socket, c net.Conn) {
	defer c.Close()
	peer, err := s.meet(on, c)
	if err != nil {
		s.broken(on, c, err)
		return
	}
	on.counters.connections.Inc()
	defer on.counters.connections.Dec()
	for {
		m, err := peer.RecvMsg()
		if err != nil {
			s.broken(on, c, err)
			return
		}
		if m.Type == zmq4.UsrMsg {
			s.take(on, m.Frames)
		}
	}
}

// meet introduces us and, on a SUB socket, asks for everything (RFC 23/ZMTP).
func (s *Source) meet(on *socket, c net.Conn) (*zmq4.Conn, error) {
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	peer, err := introduce(&guarded{Conn: c, framing: framing{limit: on.limit}}, on.typ())
	if err != nil {
		return nil, err
	}
	if on.kind == sub {
		if err := peer.SendMsg(zmq4.NewMsg([]byte{1})); err != nil {
			return nil, err
		}
	}
	_ = c.SetDeadline(time.Time{})
	if s.ending.Load() { // interrupt may have been before
		return nil, io.EOF
	}
	return peer, nil
}

// introduce makes the handshake. The library panics by what a peer says of itself where
// it does not understand it: a type of socket that it does not know, a length that leads
// out of the command.
func introduce(c net.Conn, typ zmq4.SocketType) (peer *zmq4.Conn, err error) {
	defer func() {
		if p := recover(); p != nil {
			peer, err = nil, fmt.Errorf("introduction cannot be read: %v", p)
		}
	}()
	return zmq4.Open(c, null.Security(), typ, nil, true, nil)
}

// broken counts and logs a connection that has ended with err, unless it ended
// between messages, as connections do.
func (s *Source) broken(on *socket, c net.Conn, err error) {
	if s.ending.Load() || errors.Is(err, io.EOF) {
		return
	}
	on.counters.broken.Inc()
	s.quiet.broken.Do(func() {
		s.opts.Log.Warn("connection broken off", zap.String("socket", string(on.kind)),
			zap.Stringer("peer", c.RemoteAddr()), zap.String("problem", clip(err.Error())))
	})
}
