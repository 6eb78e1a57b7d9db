package wire

import (
	"encoding/binary"
	"errors"
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// errResponse says that bytes are not a response laid out here.
var errResponse = errors.New("wire: not an encoded response")

// patched is added to the code of a response that patches the body.
const patched = 1000

// appendResponse lays out a response: code, reason, the number of header
// fields, name and value of each, and the body or the patch for it. Numbers are
// varints, strings have their length before them.
func appendResponse(dst []byte, a *grip.ResponseFormat) []byte {
	code := a.Code
	if a.Patch != nil {
		code += patched
	}
	dst = binary.AppendUvarint(dst, uint64(code))
	dst = appendString(dst, a.Reason)
	fields := 0
	for _, values := range a.Header {
		fields += len(values)
	}
	dst = binary.AppendUvarint(dst, uint64(fields))
	for name, values := range a.Header {
		for _, v := range values {
			dst = appendString(appendString(dst, name), v)
		}
	}
	return append(append(dst, a.Body...), a.Patch...)
}

// lengthRoom is how much a number takes at most, such as the length of a string.
const lengthRoom = binary.MaxVarintLen32

// responseRoom is how long a laid out response is at most.
func responseRoom(a *grip.ResponseFormat) int {
	n := 2*lengthRoom + len(a.Reason) + lengthRoom + len(a.Body) + len(a.Patch)
	for name, values := range a.Header {
		for _, v := range values {
			n += 2*lengthRoom + len(name) + len(v)
		}
	}
	return n
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// ParseResponse reads the bytes of form Response. Body and patch share them.
func ParseResponse(b []byte) (*grip.ResponseFormat, error) {
	r := reader{rest: b}
	code := r.uvarint()
	isPatch := code >= patched
	if isPatch {
		code -= patched
	}
	if code > 999 { // a status has three digits
		return nil, errResponse
	}
	a := &grip.ResponseFormat{Answer: grip.Answer{Code: int(code), Reason: r.string(), Header: make(http.Header)}}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		name := r.string()
		a.Header[name] = append(a.Header[name], r.string())
	}
	switch {
	case r.bad:
		return nil, errResponse
	case isPatch:
		a.Patch = r.rest
	default:
		a.Body = r.rest
	}
	return a, nil
}

type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) string() string { return string(r.bytes()) }

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
