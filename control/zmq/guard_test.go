package zmq

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// frame is a frame as it stands on the wire.
func frame(flags byte, body []byte) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...)
	}
	return append(binary.BigEndian.AppendUint64([]byte{flags | flagLong}, uint64(len(body))), body...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// ready is the command with which a peer introduces itself, without properties.
var ready = []byte("\x05READY")

// property is a property of it.
func property(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
}

func TestTheGuardBoundsWhatAPeerAnnounces(t *testing.T) {
	begin := join(make([]byte, greetingBytes), frame(4, ready))
	x := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"a message up to the limit":         {join(begin, frame(0, x(1000)), frame(0, x(1000))), ""},
		"one beyond it":                     {join(begin, frame(0, x(1001))), "message is over 1000 bytes"},
		"frames up to it":                   {join(begin, frame(1, x(400)), frame(1, nil), frame(0, x(600))), ""},
		"frames that are together beyond":   {join(begin, frame(1, x(400)), frame(0, x(601))), "message is over 1000 bytes"},
		"an announcement without the bytes": {join(begin, []byte{2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "message is over 1000 bytes"},
		"a large introduction":              {join(make([]byte, greetingBytes), frame(4, x(maxIntroduce+1))), "message is over 4096 bytes"},
		"many empty frames":                 {join(begin, bytes.Repeat(frame(1, nil), maxFrames+1)), "message has more than 8 frames"},
		"many empty messages":               {join(begin, bytes.Repeat(frame(0, nil), 100)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range []int{1, 3, len(c.bytes)} {
				f := framing{limit: 1000}
				var err error
				for p := c.bytes; len(p) > 0 && err == nil; p = p[min(step, len(p)):] {
					err = f.pass(p[:min(step, len(p))])
				}
				if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
					t.Errorf("by %d: %v, want %q", step, err, c.want)
				}
			}
		})
	}
}

// FuzzFraming checks that it does not matter how bytes are cut, and that nothing
// is remembered beyond a header.
func FuzzFraming(f *testing.F) {
	f.Add(join(make([]byte, greetingBytes), frame(4, ready), frame(1, []byte("a")), frame(0, nil)), uint8(7))
	f.Fuzz(func(t *testing.T, all []byte, step uint8) {
		whole, pieces := framing{limit: 100}, framing{limit: 100}
		err := whole.pass(all)
		var cut error
		for p := all; len(p) > 0 && cut == nil; p = p[min(int(step)+1, len(p)):] {
			cut = pieces.pass(p[:min(int(step)+1, len(p))])
		}
		if (err == nil) != (cut == nil) {
			t.Fatalf("whole: %v, cut: %v", err, cut)
		}
		if err == nil && (whole.body != pieces.body || whole.size != pieces.size || whole.frames != pieces.frames || whole.size > 100+maxIntroduce) {
			t.Fatalf("whole: %+v, cut: %+v", whole, pieces)
		}
	})
}

// greeting is what a peer sends first.
var greeting = append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL"), make([]byte, 48)...)

// FuzzIntroduction checks that whatever a peer says of itself is an error, or is taken.
func FuzzIntroduction(f *testing.F) {
	f.Add(frame(4, join(ready, property("Socket-Type", "PUSH"))))
	f.Add(frame(4, ready))
	f.Add(frame(4, join(ready, property("Socket-Type", "TELEPHONE"))))
	f.Add(frame(4, join(ready, []byte{0})))
	f.Add(frame(4, join(ready, []byte("\x01a\xff\xff\xff\xff"))))
	f.Fuzz(func(t *testing.T, introduction []byte) {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs)
		go func() {
			theirs.Write(greeting)
			theirs.Write(introduction)
			theirs.Close()
		}()
		defer ours.Close()
		if peer, err := introduce(&guarded{Conn: ours, framing: framing{limit: 100}}, zmq4.Pull); (peer == nil) == (err == nil) {
			t.Errorf("%v, %v", peer, err)
		}
	})
}
