package wire

import (
	"bytes"
	"encoding/binary"

	"github.com/gobwas/ws"
	"github.com/klauspost/compress/flate"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// messageAction is what a message asks of its readers. channels.Hint stands for
// GRIP's refresh: ask the origin. GRIP's hint is nothing to WebSockets.
func messageAction(a grip.Action) channels.Action {
	switch a {
	case grip.Close:
		return channels.Close
	case grip.Refresh:
		return channels.Hint
	}
	return channels.Send
}

// appendMessage lays a message out: the length of its frame as a varint, the
// frame, and the same frame compressed, if that is wanted and shorter. Of a
// close action that is the close frame.
func appendMessage(dst []byte, m *grip.MessageFormat, deflate bool) []byte {
	switch m.Action {
	case grip.Send:
		return appendFrames(dst, OpCode(m.Type), m.Content, deflate)
	case grip.Close:
		return appendFrames(dst, ws.OpClose, CloseBody(m.Code, m.Reason), false)
	}
	return dst
}

func appendFrames(dst []byte, op ws.OpCode, payload []byte, deflate bool) []byte {
	frame := AppendFrame(nil, ws.Header{Fin: true, OpCode: op}, payload)
	dst = binary.AppendUvarint(dst, uint64(len(frame)))
	dst = append(dst, frame...)
	if !deflate {
		return dst
	}
	if small, ok := Deflate(op, payload); ok {
		dst = AppendFrame(dst, ws.Header{Fin: true, OpCode: op, Rsv: ws.Rsv(true, false, false)}, small)
	}
	return dst
}

// Frames returns the frames that the bytes of form Message are: the plain one
// and the compressed one, which may be missing. They share b.
func Frames(b []byte) (plain, deflated []byte) {
	n, size := binary.Uvarint(b)
	plain = b[size : size+int(n) : size+int(n)]
	return plain, b[size+int(n):]
}

// FrameData returns what is in a frame that AppendFrame has laid out whole. It
// shares the frame's bytes.
func FrameData(frame []byte) (ws.OpCode, []byte) {
	head := 2
	switch frame[1] { // RFC 6455 §5.2: the length, or how many bytes it has
	case 126:
		head += 2
	case 127:
		head += 8
	}
	return ws.OpCode(frame[0] & 0x0f), frame[head:]
}

// AppendFrame appends a frame that is not masked (RFC 6455 §5.2). The length in
// h is the payload's.
func AppendFrame(dst []byte, h ws.Header, payload []byte) []byte {
	h.Length = int64(len(payload))
	b := bytes.NewBuffer(dst)
	b.Grow(ws.MaxHeaderSize + len(payload))
	_ = ws.WriteHeader(b, h) // a buffer takes everything
	b.Write(payload)
	return b.Bytes()
}

// CloseBody is the payload of a close frame; 0 is one without a code.
func CloseBody(code int, reason string) []byte {
	if code == 0 {
		return nil
	}
	return ws.NewCloseFrameBody(ws.StatusCode(code), reason)
}

// deflateFrom is from how many bytes on compressing may be worth it.
const deflateFrom = 128

// Deflate compresses a message by itself (RFC 7692 §7.2.1, without context
// takeover). It reports false if that is not worth it.
func Deflate(op ws.OpCode, payload []byte) ([]byte, bool) {
	if op.IsControl() || len(payload) < deflateFrom {
		return nil, false
	}
	var b bytes.Buffer
	if err := flate.StatelessDeflate(&b, payload, false, nil); err != nil {
		return nil, false
	}
	small := bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
	if len(small) == b.Len() || len(small) >= len(payload) {
		return nil, false
	}
	return small, true
}

// OpCode is the type of a message as frames say it.
func OpCode(t grip.MessageType) ws.OpCode {
	switch t {
	case grip.Binary:
		return ws.OpBinary
	case grip.Ping:
		return ws.OpPing
	case grip.Pong:
		return ws.OpPong
	}
	return ws.OpText
}
