package websocket

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// errClosing says that a close frame has been sent, after which nothing may be.
var errClosing = errors.New("close frame has been sent")

// maxPiece is how much is written under one deadline, so that a large message may take
// its time on a slow line that moves.
const maxPiece = 64 << 10

// pieces calls write with b cut into pieces, until one fails.
func pieces(b []byte, write func([]byte) error) error {
	for len(b) > maxPiece {
		if err := write(b[:maxPiece]); err != nil {
			return err
		}
		b = b[maxPiece:]
	}
	return write(b)
}

// peer is one side of a session, for writing. Its methods may be called from any
// goroutine.
type peer struct {
	// Fixed before it is used.
	write    func([]byte) error
	masks    bool // we are the client (RFC 6455 §5.3)
	deflates bool // whole messages may be compressed

	wrote atomic.Int64 // when a frame was written last, UnixNano

	turn mutex // held while a message is written; taken before mu
	mu   mutex // held while a frame is written

	closed bool // a close frame was sent; guarded by mu
}

// newPeer returns a side that write writes to, by pieces, each bounded in time.
func newPeer(write func([]byte) error) *peer {
	return &peer{write: write, turn: make(mutex, 1), mu: make(mutex, 1)}
}

// mutex is a lock under which is written. That it is a channel lets fake time pass
// while somebody waits for it.
type mutex chan struct{}

func (m mutex) Lock()   { m <- struct{}{} }
func (m mutex) Unlock() { <-m }

// send writes a message that is whole, in its turn, or a control frame.
func (p *peer) send(op ws.OpCode, payload []byte) error {
	h, payload := headOf(op, payload, p.deflates)
	if op.IsControl() {
		return p.frame(h, payload)
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.frame(h, payload)
}

// relay writes a part that has been read. The caller has the turn, from the
// message's first part to its last.
func (p *peer) relay(q part) error {
	if q.first && q.last {
		return p.frame(headOf(q.op, q.payload, p.deflates))
	}
	h := ws.Header{Fin: q.last, OpCode: q.op}
	if !q.first {
		h.OpCode = ws.OpContinuation
	}
	return p.frame(h, q.payload)
}

// frame writes one frame.
func (p *peer) frame(h ws.Header, payload []byte) error {
	if p.masks {
		h.Masked, h.Mask = true, ws.NewMask()
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	out := wire.AppendFrame((*buf)[:0], h, payload)
	if p.masks {
		ws.Cipher(out[len(out)-len(payload):], h.Mask, 0)
	}
	return p.raw(out, h.OpCode == ws.OpClose)
}

// raw writes frames that are laid out. Data frames need the turn.
func (p *peer) raw(frames []byte, closes bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosing
	}
	p.closed = closes
	err := p.write(frames)
	p.wrote.Store(time.Now().UnixNano())
	return err
}
