package zmq

import (
	"encoding/binary"
	"fmt"
	"net"
)

// Bounds of a message beside Options.MaxMessage: its frames, and how large the
// first message is, with which a peer introduces itself.
const (
	maxFrames    = 8
	maxIntroduce = 4 << 10
)

// guarded is a connection whose peer can announce nothing that is too large. The
// library allocates what a length says before it reads on, so the guard looks at
// every length that passes (ZMTP 3.0, RFC 23/ZMTP), and breaks the connection off
// before the library sees it.
type guarded struct {
	net.Conn
	framing framing
}

// Read implements net.Conn.
func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if tooMuch := g.framing.pass(p[:n]); tooMuch != nil {
		return 0, tooMuch
	}
	return n, err
}

// greetingBytes is how long the greeting is with which a connection begins.
const greetingBytes = 64

// The flags of a frame.
const (
	flagMore = 1 << iota
	flagLong
)

// framing follows the frames of a connection. The zero value, with a limit, is at
// its beginning.
type framing struct {
	limit uint64 // of a message, in bytes

	greeted uint64 // bytes of the greeting that have passed
	header  []byte // the part of a frame's header that has passed
	scratch [9]byte
	body    uint64 // bytes of the frame that are to come
	frames  int    // of this message
	size    uint64 // of this message
	more    bool   // the message goes on after this frame
	begun   bool   // the first message has passed
}

// pass notes bytes that the peer has sent. The error is that it announces too much.
func (f *framing) pass(p []byte) error {
	if f.greeted < greetingBytes {
		n := min(greetingBytes-f.greeted, uint64(len(p)))
		f.greeted += n
		p = p[n:]
	}
	for len(p) > 0 {
		if f.body > 0 {
			n := min(f.body, uint64(len(p)))
			f.body -= n
			p = p[n:]
			if f.body == 0 {
				f.endFrame()
			}
			continue
		}
		if f.header == nil {
			f.header = f.scratch[:0]
		}
		f.header = append(f.header, p[0])
		p = p[1:]
		if len(f.header) == f.headerLen() {
			if err := f.beginFrame(); err != nil {
				return err
			}
		}
	}
	return nil
}

// headerLen is how long the header is whose first byte has passed.
func (f *framing) headerLen() int {
	if f.header[0]&flagLong != 0 {
		return 9
	}
	return 2
}

// beginFrame reads the header.
func (f *framing) beginFrame() error {
	flags, size := f.header[0], uint64(f.header[1])
	if len(f.header) == 9 {
		size = binary.BigEndian.Uint64(f.header[1:])
	}
	f.header, f.more = nil, flags&flagMore != 0
	limit := f.limit
	if !f.begun {
		limit = maxIntroduce
	}
	if f.frames++; f.frames > maxFrames {
		return fmt.Errorf("message has more than %d frames", maxFrames)
	}
	if size > limit-f.size {
		return fmt.Errorf("message is over %d bytes", limit)
	}
	f.size += size
	if f.body = size; size == 0 {
		f.endFrame()
	}
	return nil
}

func (f *framing) endFrame() {
	if !f.more {
		f.frames, f.size, f.begun = 0, 0, true
	}
}
