package wire

import (
	"bytes"
	"strconv"
)

// LastChunk ends a chunked body (RFC 9112 §7.1).
const LastChunk = "0\r\n\r\n"

// AppendChunk appends data, which must not be empty, as one chunk.
func AppendChunk(dst, data []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(data)), 16)
	dst = append(dst, "\r\n"...)
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// Data returns the data of a chunk: what is sent where the protocol does the
// framing, or nothing does. It shares the chunk's bytes.
func Data(chunk []byte) []byte {
	if len(chunk) == 0 {
		return nil
	}
	from := bytes.IndexByte(chunk, '\n') + 1
	return chunk[from : len(chunk)-2 : len(chunk)-2]
}
