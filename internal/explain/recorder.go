package explain

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
)

const (
	// maxBody is how much of a body is read, and maxShown how much of it a
	// report holds, in bytes.
	maxBody  = 1 << 20
	maxShown = 2 << 10
)

var errEnough = errors.New("enough of the body was read")

// recorder is the client's ResponseWriter. The request's goroutine owns it.
type recorder struct {
	header  http.Header // until WriteHeader
	sent    http.Header // from then on
	code    int         // 0: nothing was sent
	body    bytes.Buffer
	tooLong bool
}

func newRecorder() *recorder { return &recorder{header: make(http.Header)} }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter. Interim answers are passed over.
func (r *recorder) WriteHeader(code int) {
	if r.code != 0 || code < 200 && code != http.StatusSwitchingProtocols {
		return
	}
	r.code, r.sent = code, r.header.Clone()
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.body.Len()+len(p) > maxBody {
		r.tooLong = true
		return 0, errEnough
	}
	return r.body.Write(p)
}

// Flush implements http.Flusher.
func (r *recorder) Flush() { r.WriteHeader(http.StatusOK) }

// answer is what the client got.
func (r *recorder) answer() Answer {
	a := Answer{Header: http.Header{}, BodyBytes: r.body.Len()}
	if r.code == 0 {
		return a
	}
	a.Status = fmt.Sprintf("%d %s", r.code, http.StatusText(r.code))
	a.Header = withoutSecrets(r.sent)
	a.Body = string(r.body.Bytes()[:min(r.body.Len(), maxShown)])
	return a
}
