package websocket

import (
	"io"
	"time"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// direct is an origin with a connection.
type direct struct {
	s    *Session
	conn io.ReadWriteCloser
	out  *peer
	gone chan struct{} // closed when run has returned

	// Owned by run.
	in       reader
	inflater inflater
}

// Direct holds the WebSocket of an origin that has taken GRIP's extension up as
// agreed, on a connection that the session owns, and returns how it ended.
func (s *Session) Direct(conn io.ReadWriteCloser, agreed *grip.Socket) Ending {
	d := &direct{s: s, conn: conn, gone: make(chan struct{})}
	d.out = newPeer(d.write)
	d.out.masks = true
	d.in = reader{src: conn, side: ws.StateClientSide, limit: s.MaxMessage}
	if agreed.Deflated {
		d.in.side |= ws.StateExtended
	}
	d.inflater = inflater{limit: s.MaxMessage, takes: !agreed.Fresh}
	s.sorter.prefix = agreed.Prefix
	return s.serve(d)
}

// write writes to the origin. If that takes too long, the connection is closed:
// it has no deadlines.
func (d *direct) write(b []byte) error {
	return pieces(b, func(piece []byte) error {
		timer := time.AfterFunc(d.s.WriteTimeout, func() { d.conn.Close() })
		defer timer.Stop()
		_, err := d.conn.Write(piece)
		return err
	})
}

// run implements origin.
func (d *direct) run() {
	s := d.s
	defer close(d.gone)
	defer s.endRelay()
	defer d.in.release()
	for !s.detached.Load() {
		p, ok, err := inflated(&d.in, &d.inflater)
		if err != nil {
			s.finish(originFailed(err))
			return
		}
		if !ok {
			continue
		}
		if e := d.do(p); e != nil {
			s.finish(*e)
			return
		}
	}
	d.conn.Close()
}

// do does what a part says.
func (d *direct) do(p part) *Ending {
	if p.op != ws.OpClose {
		return d.s.fromOrigin(p)
	}
	e, err := endingOf(ReasonOriginClosed, p.payload)
	if err != nil {
		e = badOrigin(err)
	} else if d.answered() {
		e.Reason = hold.ReasonClientClosed
	}
	return &e
}

// answered reports whether the origin's close frame answers the client's.
func (d *direct) answered() bool {
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	return d.out.closed
}

// take implements origin. A client that is detached talks to nobody, but its
// pings are answered.
func (d *direct) take(p part) error {
	s := d.s
	if s.detached.Load() {
		if p.op == ws.OpPing {
			return s.out.send(ws.OpPong, p.payload)
		}
		return nil
	}
	err := d.out.relay(p)
	if s.detached.Load() {
		return nil // meanwhile
	}
	return err
}

// close implements origin.
func (d *direct) close(payload []byte) bool {
	return !d.s.detached.Load() && d.out.send(ws.OpClose, payload) == nil
}

// refresh implements origin: this one says itself what is new.
func (d *direct) refresh() {}

// end implements origin. The origin gets what the client got, unless that left
// without a word.
func (d *direct) end() {
	timer := time.AfterFunc(closeWait, func() { d.conn.Close() })
	defer timer.Stop()
	if !d.s.detached.Load() {
		e := d.s.ending
		if e.code == codeNoFrame || e.Reason == hold.ReasonAction {
			e.code, e.text = codeGoingAway, ""
		}
		_ = d.out.send(ws.OpClose, e.body()) // it may be gone, or know already
	}
	<-d.gone
	d.conn.Close()
}
