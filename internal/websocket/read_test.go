package websocket

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// frame is an unmasked frame.
func frame(op ws.OpCode, fin bool, rsv byte, payload string) string {
	return string(wire.AppendFrame(nil, ws.Header{Fin: fin, OpCode: op, Rsv: rsv}, []byte(payload)))
}

func text(payload string) string { return frame(ws.OpText, true, 0, payload) }

// readAll reads frames of a server as messages, each with its type before it.
func readAll(data io.Reader, limit int64) (messages []string, err error) {
	r := reader{src: data, side: ws.StateClientSide, limit: limit}
	defer r.release()
	var message strings.Builder
	for {
		p, err := r.next()
		if err != nil {
			return messages, err
		}
		if p.op.IsControl() {
			messages = append(messages, string('0'+rune(p.op))+":"+string(p.payload))
			continue
		}
		if p.first {
			message.Reset()
		}
		message.Write(p.payload)
		if p.last {
			messages = append(messages, string('0'+rune(p.op))+":"+message.String())
		}
	}
}

func TestFramesAreReadAsMessages(t *testing.T) {
	long := strings.Repeat("x", 3*partSize+1)
	for name, c := range map[string]struct {
		data string
		want []string
		err  error
	}{
		"messages":                    {text("a") + text("") + frame(ws.OpBinary, true, 0, "b"), []string{"1:a", "1:", "2:b"}, io.EOF},
		"fragments":                   {frame(ws.OpText, false, 0, "a") + frame(ws.OpContinuation, false, 0, "") + frame(ws.OpContinuation, true, 0, "b"), []string{"1:ab"}, io.EOF},
		"a ping between them":         {frame(ws.OpText, false, 0, "a") + frame(ws.OpPing, true, 0, "p") + frame(ws.OpContinuation, true, 0, "b"), []string{"9:p", "1:ab"}, io.EOF},
		"a long one":                  {text(long), []string{"1:" + long}, io.EOF},
		"one over the limit":          {text(long + "x"), nil, errTooBig},
		"fragments over the limit":    {frame(ws.OpText, false, 0, long) + frame(ws.OpContinuation, true, 0, "x"), nil, errTooBig},
		"cut in the head":             {text("a")[:1], nil, io.ErrUnexpectedEOF},
		"cut in the payload":          {text("abc")[:3], nil, io.ErrUnexpectedEOF},
		"cut before the payload":      {text("abc")[:2], nil, io.ErrUnexpectedEOF},
		"a message inside another":    {frame(ws.OpText, false, 0, "a") + text("b"), nil, ws.ErrProtocolContinuationExpected},
		"a continuation of nothing":   {frame(ws.OpContinuation, true, 0, "a"), nil, ws.ErrProtocolContinuationUnexpected},
		"a long ping":                 {frame(ws.OpPing, true, 0, long[:126]), nil, ws.ErrProtocolControlPayloadOverflow},
		"a fragment of a ping":        {frame(ws.OpPing, false, 0, ""), nil, ws.ErrProtocolControlNotFinal},
		"an unknown type":             {frame(3, true, 0, ""), nil, ws.ErrProtocolOpCodeReserved},
		"compressed without a word":   {frame(ws.OpText, true, ws.Rsv(true, false, false), "a"), nil, ws.ErrProtocolNonZeroRsv},
		"a length below zero":         {"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x01x", nil, ws.ProtocolError(ws.ErrHeaderLengthMSB.Error())},
		"masked where it must not be": {string(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("a"))))), nil, ws.ErrProtocolMaskUnexpected},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(strings.NewReader(c.data), int64(len(long)))
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("read %.100q, want %.100q", got, c.want)
			}
		})
	}
}

func TestCompressedFramesMustBeAgreed(t *testing.T) {
	for name, data := range map[string]string{
		"a compressed ping":         frame(ws.OpPing, true, ws.Rsv(true, false, false), ""),
		"a compressed continuation": frame(ws.OpText, false, 0, "") + frame(ws.OpContinuation, true, ws.Rsv(true, false, false), ""),
		"another bit":               frame(ws.OpText, true, ws.Rsv(false, true, false), ""),
	} {
		r := reader{src: strings.NewReader(data), side: ws.StateClientSide | ws.StateExtended, limit: 100}
		_, err := r.next()
		if err == nil {
			_, err = r.next()
		}
		if !errors.Is(err, ws.ErrProtocolNonZeroRsv) {
			t.Errorf("%s: %v", name, err)
		}
		r.release()
	}
}

// Whatever comes, messages that are read are those of the same bytes read in one
// go, and no buffer is as long as a frame claims to be.
func FuzzReader(f *testing.F) {
	f.Add([]byte(text("a") + frame(ws.OpText, false, 0, "a") + frame(ws.OpPing, true, 0, "p") + frame(ws.OpContinuation, true, 0, "b")))
	f.Add([]byte("\x81\x7f\x00\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err := readAll(bytes.NewReader(data), 1<<16)
		pieces, err2 := readAll(&oneByOne{data}, 1<<16)
		if strings.Join(whole, "|") != strings.Join(pieces, "|") || err.Error() != err2.Error() {
			t.Errorf("%q (%v) and %q (%v)", whole, err, pieces, err2)
		}
	})
}

// oneByOne gives its bytes one at a time.
type oneByOne struct{ rest []byte }

func (o *oneByOne) Read(p []byte) (int, error) {
	if len(o.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:1], o.rest)
	o.rest = o.rest[n:]
	return n, nil
}
