package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/klauspost/compress/flate"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

func TestMessagesAreLaidOutAsFrames(t *testing.T) {
	long := strings.Repeat("message ", 100)
	for name, c := range map[string]struct {
		format   grip.MessageFormat
		deflate  bool
		head     ws.Header
		payload  string
		deflated bool
		action   channels.Action
	}{
		"text":                  {grip.MessageFormat{Content: []byte("hi")}, true, ws.Header{OpCode: ws.OpText}, "hi", false, channels.Send},
		"nothing":               {grip.MessageFormat{}, true, ws.Header{OpCode: ws.OpText}, "", false, channels.Send},
		"binary":                {grip.MessageFormat{Type: grip.Binary, Content: []byte{1}}, false, ws.Header{OpCode: ws.OpBinary}, "\x01", false, channels.Send},
		"a ping":                {grip.MessageFormat{Type: grip.Ping}, true, ws.Header{OpCode: ws.OpPing}, "", false, channels.Send},
		"a pong":                {grip.MessageFormat{Type: grip.Pong, Content: []byte(long[:120])}, true, ws.Header{OpCode: ws.OpPong}, long[:120], false, channels.Send},
		"long text":             {grip.MessageFormat{Content: []byte(long)}, false, ws.Header{OpCode: ws.OpText}, long, false, channels.Send},
		"long text, compressed": {grip.MessageFormat{Content: []byte(long)}, true, ws.Header{OpCode: ws.OpText}, long, true, channels.Send},
		"a close frame":         {grip.MessageFormat{Action: grip.Close, Code: 4001, Reason: "bye"}, true, ws.Header{OpCode: ws.OpClose}, "\x0f\xa1bye", false, channels.Close},
		"an empty close frame":  {grip.MessageFormat{Action: grip.Close}, true, ws.Header{OpCode: ws.OpClose}, "", false, channels.Close},
	} {
		t.Run(name, func(t *testing.T) {
			item := Item(grip.Item{ID: "i", Message: &c.format}, Options{Deflate: c.deflate})
			if item.Actions[Message] != c.action {
				t.Errorf("action %v", item.Actions)
			}
			plain, deflated := Frames([]byte(form(item.Encode(place), Message)))
			wantFrame(t, plain, c.head, c.payload)
			if (len(deflated) > 0) != c.deflated {
				t.Errorf("%d bytes compressed", len(deflated))
			}
			if c.deflated {
				c.head.Rsv = ws.Rsv(true, false, false)
				wantFrame(t, deflated, c.head, c.payload)
			}
		})
	}
}

// wantFrame checks a frame, of which h lacks what is the same in all.
func wantFrame(t *testing.T, frame []byte, h ws.Header, payload string) {
	t.Helper()
	got, err := readFrame(bytes.NewReader(frame))
	if err != nil {
		t.Fatal(err)
	}
	h.Fin, h.Length = true, got.Header.Length
	if got.Header != h {
		t.Errorf("head %v, want %v", got.Header, h)
	}
	if h.Rsv1() {
		b, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(got.Payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
		if err != nil {
			t.Fatal(err)
		}
		got.Payload = b
	}
	if string(got.Payload) != payload {
		t.Errorf("payload %q, want %q", got.Payload, payload)
	}
}

func TestActionsOfMessagesThatAreNone(t *testing.T) {
	refresh := Item(grip.Item{Message: &grip.MessageFormat{Action: grip.Refresh}}, Options{})
	hint := Item(grip.Item{Message: &grip.MessageFormat{Action: grip.Hint}}, Options{})
	if refresh.Actions[Message] != channels.Hint || hint.Actions[Message] != channels.Send {
		t.Errorf("refresh %v, hint %v", refresh.Actions, hint.Actions)
	}
	if got := form(hint.Encode(place), Message); got != "" {
		t.Errorf("a hint is %q to WebSockets", got)
	}
}

// readFrame reads a frame whole.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(r); err != nil {
		return f, err
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}
