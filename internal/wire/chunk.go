package wire

import (
	"bytes"
	"strconv"
)

// LastChunk ends a chunked body (RFC 9112 §7.1).
const LastChunk = "0\r\n\r\n"

const crlf = "\r\n"

// chunkRoom is how much longer than its data a chunk is at most.
const chunkRoom = len("ffffffff") + 2*len(crlf)

// AppendChunk appends data, which must not be empty, as one chunk.
func AppendChunk(dst, data []byte) []byte {
	dst = appendChunkSize(dst, len(data))
	dst = append(dst, data...)
	return append(dst, crlf...)
}

func appendChunkSize(dst []byte, n int) []byte {
	return append(strconv.AppendInt(dst, int64(n), 16), crlf...)
}

// Data returns the data of a chunk: what is sent where the protocol does the
// framing, or nothing does. It shares the chunk's bytes.
func Data(chunk []byte) []byte {
	if len(chunk) == 0 {
		return nil
	}
	from := bytes.IndexByte(chunk, '\n') + 1
	return chunk[from : len(chunk)-len(crlf) : len(chunk)-len(crlf)]
}
