package control

import (
	"net/http"
	"time"
)

// recorder notes the status of an answer, and from its head on gives the client
// its time to read.
type recorder struct {
	http.ResponseWriter
	timeout time.Duration // for reading the answer; 0: any
	status  int           // 0 before the head is written
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.begin(status)
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the status that it implies.
func (r *recorder) Write(p []byte) (int, error) {
	r.begin(http.StatusOK)
	return r.ResponseWriter.Write(p)
}

// begin is called with everything that is written. The first final status
// counts.
func (r *recorder) begin(status int) {
	if r.status >= http.StatusOK {
		return
	}
	r.status = status
	var deadline time.Time // none, also where a request before had one
	if r.timeout > 0 {
		deadline = time.Now().Add(r.timeout)
	}
	// Not every ResponseWriter has deadlines; the answer is right without.
	_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(deadline)
}

// Unwrap gives http.ResponseController the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
