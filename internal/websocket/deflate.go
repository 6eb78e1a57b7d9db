package websocket

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/gobwas/ws"
	"github.com/klauspost/compress/flate"
)

// deflateTail ends a compressed message for the decompressor: what RFC 7692
// §7.2.2 has taken away, and an empty last block.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// windowSize is how far back a compressed message can point.
const windowSize = 32 << 10

// inflater collects one side's compressed messages and decompresses them. One
// goroutine owns it.
type inflater struct {
	limit int64  // of a message, in bytes
	takes bool   // messages point into those before
	data  []byte // the message under way
	past  []byte // the end of those before
}

// add takes a part of a compressed message. With the last one it returns the
// message.
func (d *inflater) add(p part) (whole []byte, ok bool, err error) {
	d.data = append(d.data, p.payload...)
	if !p.last {
		return nil, false, nil
	}
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(d.data), strings.NewReader(deflateTail)), d.past)
	defer r.Close()
	whole, err = io.ReadAll(io.LimitReader(r, d.limit+1))
	d.data = nil
	switch {
	case err != nil:
		return nil, false, err
	case int64(len(whole)) > d.limit:
		return nil, false, errTooBig
	}
	if d.takes {
		d.past = lastOf(append(d.past, whole...), windowSize)
	}
	return whole, true, nil
}

// lastOf returns a copy of the last n bytes of b, or less if there are no more.
func lastOf(b []byte, n int) []byte { return bytes.Clone(b[max(0, len(b)-n):]) }

// inflated reads the next part, and reports false where there is none before a
// compressed message is whole.
func inflated(r *reader, d *inflater) (p part, ok bool, err error) {
	if p, err = r.next(); err != nil || !p.deflated || p.op.IsControl() {
		return p, err == nil, err
	}
	whole, ok, err := d.add(p)
	if err != nil && !errors.Is(err, errTooBig) {
		err = ws.ProtocolError("compressed message: " + err.Error())
	}
	return part{op: p.op, first: true, last: true, payload: whole}, ok, err
}
