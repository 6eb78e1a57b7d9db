package proxy

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"golang.org/x/net/http/httpguts"
)

// responseWriter is the client's ResponseWriter with what a proxy must add
// or keep from it. The handler's goroutine owns it, except that interim
// answers are written by the transport's while the handler waits.
type responseWriter struct {
	http.ResponseWriter
	timeout  time.Duration       // of one write, 0: none
	request  *requestBody        // nil if there is none
	http1    bool                // one request at a time on the connection
	http10   bool                // the client does not know interim answers
	expects  bool                // net/http answers 100 itself when the body is read
	finish   func(h http.Header) // completes the final head; nil: nothing to do
	closing  bool                // no other request may be read from this connection
	wrote    bool                // the final head is out
	hijacked bool
	err      error // of the first write or flush that failed
}

func newResponseWriter(w http.ResponseWriter, r *http.Request) *responseWriter {
	return &responseWriter{
		ResponseWriter: w,
		http1:          r.ProtoMajor == 1,
		http10:         !r.ProtoAtLeast(1, 1),
		expects:        r.ProtoMajor < 3 && r.ContentLength != 0 && httpguts.HeaderValuesContainsToken(r.Header["Expect"], "100-continue"),
		closing:        unsureFraming(r),
	}
}

// unsureFraming reports whether another parser could have seen another end of
// r than ours, so that what follows on the connection may be a part of r.
//
// net/http takes Transfer-Encoding over Content-Length without a trace of the
// latter, and overlooks Transfer-Encoding in HTTP/1.0. RFC 9112 §6.1 and §6.3
// demand to close the connection after such a request; as they cannot be told
// from the others, it is closed after every chunked request and every request
// in HTTP/1.0.
func unsureFraming(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0)
}

// Unwrap is for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends an interim or the final head.
func (w *responseWriter) WriteHeader(code int) {
	w.arm()
	defer w.disarm()
	if code < 200 && code != http.StatusSwitchingProtocols {
		w.writeInterim(code)
		return
	}
	w.wrote = true
	h := w.Header()
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // or net/http would guess one
	}
	if w.finish != nil {
		w.finish(h)
	}
	w.applyClosing()
	w.ResponseWriter.WriteHeader(code)
}

// writeInterim relays 1xx, which RFC 9110 §15.2 forbids towards HTTP/1.0.
//
// The origin's 100 makes the transport read the body, and net/http says 100
// to the client at the first read. Relayed as well, the client would often
// get two.
func (w *responseWriter) writeInterim(code int) {
	if w.http10 || w.expects && code == http.StatusContinue {
		return
	}
	grip.Strip(w.Header())
	w.Header().Del("Connection")
	w.ResponseWriter.WriteHeader(code)
}

// applyClosing announces that the connection ends with this answer, if it
// must: for its framing, or because the rest of the request is still to come,
// which nobody will wait for (see Handler.leave).
func (w *responseWriter) applyClosing() {
	if w.closing || w.http1 && !w.request.complete() {
		w.Header().Set("Connection", "close")
	}
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.arm()
	n, err := w.ResponseWriter.Write(p)
	w.disarm()
	w.noteError(err)
	return n, err
}

// FlushError is what http.ResponseController calls to flush.
func (w *responseWriter) FlushError() error {
	w.arm()
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.disarm()
	w.noteError(err)
	return err
}

func (w *responseWriter) noteError(err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
}

// Hijack gives the connection away to a tunnel. What is read from the connection
// begins with what net/http has read of it already.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !w.request.complete() {
		return nil, nil, errEarlySwitch // its reader goes on
	}
	conn, rw, err := w.take()
	if err == nil && rw.Reader.Buffered() > 0 {
		conn = &bufferedConn{conn, rw.Reader}
	}
	return conn, rw, err
}

// take is Hijack for who reads what is there already from the buffer.
func (w *responseWriter) take() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = err == nil
	return conn, rw, err
}

// armEnd is for the handler that returns with the connection still net/http's, which then
// writes what ends the answer, without us. The last write may have been long ago.
func (w *responseWriter) armEnd() {
	if w.http1 {
		w.arm()
	}
}

// arm gives the next write its deadline. A writer that cannot have one, as in
// tests, goes without. net/http disarms the connection after the answer.
func (w *responseWriter) arm() {
	if w.timeout > 0 {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout))
	}
}

// disarm is called after a write. HTTP/2 resets a stream when its deadline
// passes, even if nobody is writing; on HTTP/1.x the next write moves it.
func (w *responseWriter) disarm() {
	if w.timeout > 0 && !w.http1 {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Time{})
	}
}
