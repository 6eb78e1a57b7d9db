package websocket

import (
	"errors"
	"time"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// writeClient writes to the client. When the session is over, the deadline of farewell
// is for everything.
func (s *Session) writeClient(b []byte) error {
	return pieces(b, func(piece []byte) error {
		if !s.isOver() {
			s.Client.SetWriteDeadline(time.Now().Add(s.WriteTimeout))
		}
		_, err := s.Client.Write(piece)
		return err
	})
}

// clientError ends the session after a write to the client that failed.
func (s *Session) clientError(err error) {
	if !errors.Is(err, errClosing) { // or somebody else has an end in hand
		s.finish(clientFailed(err))
	}
}

// readClient passes on what the client sends, until it sends no more.
func (s *Session) readClient() {
	defer close(s.gone)
	defer s.in.release()
	for {
		p, ok, err := inflated(&s.in, &s.inflater)
		switch {
		case err != nil:
			s.finish(clientFailed(err))
			s.discard()
			return
		case !ok || s.isOver() && p.op != ws.OpClose:
		case p.op == ws.OpClose:
			s.clientCloses(p.payload)
			return
		default:
			if err := s.origin.take(p); err != nil {
				s.finish(clientOrOrigin(err))
			}
		}
	}
}

// clientOrOrigin is the end when the origin does not take a message.
func clientOrOrigin(err error) Ending {
	if errors.Is(err, errNotUTF8) || errors.Is(err, errTooBig) {
		return clientFailed(err)
	}
	return originFailed(err)
}

// clientCloses passes the client's close frame on, for the origin to answer.
func (s *Session) clientCloses(payload []byte) {
	e, err := endingOf(hold.ReasonClientClosed, payload)
	if err != nil {
		s.finish(clientFailed(err))
		return
	}
	if !s.origin.close(payload) {
		s.finish(e)
		return
	}
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-s.over:
	case <-timer.C:
		s.finish(e)
	}
}

// discard reads on so that the close frame is not lost in a reset of the
// connection, which is closed or has a deadline by then.
func (s *Session) discard() {
	<-s.over
	var b [512]byte
	for {
		if _, err := s.Reader.Read(b[:]); err != nil {
			return
		}
	}
}
