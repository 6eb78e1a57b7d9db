package bench

import (
	"bytes"
	"errors"
	"io"
)

var errChunk = errors.New("malformed chunk")

// chunked takes the chunk framing off a body (RFC 9112 §7.1), in pieces of any
// length. The zero value is at the start of a body.
type chunked struct {
	state chunkState
	left  int64 // of the chunk's data; the size while it is read
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkData
	chunkEnd     // the line end after the data
	chunkTrailer // at the start of a trailer line
	chunkTrailerLine
)

// next returns the first data in p and what follows it. It returns io.EOF after
// the last chunk, errChunk for what is not chunked.
func (c *chunked) next(p []byte) (data, rest []byte, err error) {
	for len(p) > 0 {
		if c.state == chunkData {
			n := min(c.left, int64(len(p)))
			if c.left -= n; c.left == 0 {
				c.state = chunkEnd
			}
			return p[:n], p[n:], nil
		}
		if err := c.step(p[0]); err != nil {
			return nil, nil, err
		}
		p = p[1:]
	}
	return nil, nil, nil
}

// step takes one byte of the framing. A CR is ignored wherever it may stand.
func (c *chunked) step(b byte) error {
	switch {
	case b == '\r':
	case b == '\n':
		return c.endLine()
	case c.state == chunkSize && b == ';':
		c.state = chunkExtension
	case c.state == chunkSize:
		digit := bytes.IndexByte([]byte("0123456789abcdef"), b|0x20)
		if digit < 0 || c.left > 1<<40 {
			return errChunk
		}
		c.left = c.left<<4 + int64(digit)
	case c.state == chunkEnd:
		return errChunk
	case c.state == chunkTrailer:
		c.state = chunkTrailerLine
	}
	return nil
}

func (c *chunked) endLine() error {
	switch c.state {
	case chunkSize, chunkExtension:
		c.state = chunkData
		if c.left == 0 {
			c.state = chunkTrailer
		}
	case chunkEnd:
		c.state = chunkSize
	case chunkTrailer:
		return io.EOF
	case chunkTrailerLine:
		c.state = chunkTrailer
	}
	return nil
}
