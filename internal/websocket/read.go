package websocket

import (
	"errors"
	"io"
	"sync"

	"github.com/gobwas/ws"
)

// partSize is how much of a message is relayed at once.
const partSize = 16 << 10

// errTooBig says that a message is longer than is allowed.
var errTooBig = errors.New("message is over the limit")

// part is a piece of a message, or a control frame.
type part struct {
	op          ws.OpCode // the message's, in each of its parts
	first, last bool
	deflated    bool
	payload     []byte // valid until the next read; the reader's owner may change it
}

// buffers are for parts, as they are read and as they are written.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, partSize+ws.MaxHeaderSize); return &b }}

// reader reads one side's frames as parts of messages. One goroutine owns it.
type reader struct {
	src   io.Reader
	side  ws.State // who we are: what must be masked and what must not
	limit int64    // of a message, in bytes

	frame   ws.Header // under way, if reading
	reading bool
	done    int64 // of the frame's payload

	op       ws.OpCode // of the message under way, if begun
	begun    bool
	deflated bool
	total    int64

	scratch [ws.MaxHeaderSize]byte
	buf     *[]byte // borrowed for the part returned last
}

// next returns the next part. The error is a ws.ProtocolError, errTooBig, or the
// connection's.
func (r *reader) next() (part, error) {
	r.release()
	if !r.reading {
		if err := r.head(); err != nil {
			return part{}, err
		}
	}
	n := min(r.frame.Length-r.done, partSize)
	r.buf = buffers.Get().(*[]byte)
	payload := (*r.buf)[:n]
	if _, err := io.ReadFull(r.src, payload); err != nil {
		return part{}, noEOF(err)
	}
	if r.frame.Masked {
		ws.Cipher(payload, r.frame.Mask, int(r.done))
	}
	r.done += n
	whole := r.done == r.frame.Length
	r.reading = !whole
	if r.frame.OpCode.IsControl() {
		return part{op: r.frame.OpCode, first: true, last: true, payload: payload}, nil
	}
	p := part{op: r.op, first: !r.begun, last: whole && r.frame.Fin, deflated: r.deflated, payload: payload}
	r.begun = !p.last
	return p, nil
}

// release gives the last part's buffer back.
func (r *reader) release() {
	if r.buf != nil {
		buffers.Put(r.buf)
		r.buf = nil
	}
}

// head reads a frame's head.
func (r *reader) head() error {
	h, err := ws.ReadHeaderBuffer(r.src, r.scratch[:])
	if err != nil {
		return lengthError(err)
	}
	state := r.side
	if r.begun {
		state |= ws.StateFragmented
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return err
	}
	if h.Rsv2() || h.Rsv3() || h.Rsv1() && (h.OpCode.IsControl() || h.OpCode == ws.OpContinuation) {
		return ws.ErrProtocolNonZeroRsv
	}
	r.frame, r.reading, r.done = h, true, 0
	if h.OpCode.IsControl() {
		return nil
	}
	if h.OpCode != ws.OpContinuation {
		r.op, r.deflated, r.total = h.OpCode, h.Rsv1(), 0
	}
	if h.Length > r.limit-r.total {
		return errTooBig
	}
	r.total += h.Length
	return nil
}

// lengthError makes a length that cannot be one (RFC 6455 §5.2) what it is, an error of
// the protocol.
func lengthError(err error) error {
	if errors.Is(err, ws.ErrHeaderLengthMSB) {
		return ws.ProtocolError(err.Error())
	}
	return err
}

// noEOF makes an end inside a frame one that nobody takes for an orderly end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
