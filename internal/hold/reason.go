package hold

import (
	"bytes"
	"net/http"
	"strconv"
)

// SetReason replaces the reason phrase in the status line of r's response,
// which must have this code. It is called before WriteHeader. net/http has no
// way to set it, so the connection puts it in as the head passes by; on TLS and
// HTTP/2, where it cannot or there is none, the standard phrase stays (RFC 9112
// §4: clients ignore the phrase). It must not contain line breaks.
func SetReason(r *http.Request, code int, reason string) {
	if c := ConnOf(r); c != nil && r.ProtoMajor == 1 {
		c.phrase.Store(&phrase{code, reason})
	}
}

// phrase is what the next status line is to say.
type phrase struct {
	code   int
	reason string
}

// in returns p with the phrase in its status line (RFC 9112 §4). It returns
// false if p does not begin with the status line of the final response.
func (ph *phrase) in(p []byte) ([]byte, bool) {
	const version = len("HTTP/1.1 ")
	code := strconv.Itoa(ph.code)
	end := bytes.IndexByte(p, '\r')
	if end < version+len(code) || !bytes.HasPrefix(p, []byte("HTTP/1.")) || string(p[version:version+len(code)]) != code {
		return nil, false
	}
	out := make([]byte, 0, len(p)+len(ph.reason)+1)
	out = append(out, p[:version+len(code)]...)
	out = append(append(out, ' '), ph.reason...)
	return append(out, p[end:]...), true
}
