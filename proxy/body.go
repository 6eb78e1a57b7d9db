package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var errUnwanted = errors.New("request body is not wanted any more")

// requestBody is the client's body on its way to the origin. The transport's
// goroutines read it. It outlives attempts to connect: Close ends nothing that
// has not begun, because a transport closes the body of a request that it could
// not send.
// Methods that say so may be called on nil, which is no body.
type requestBody struct {
	src  io.ReadCloser
	from *http.Request          // whose Trailer is filled at the end of src
	to   http.Header            // the outgoing trailer, written before EOF is reported
	may  func(name string) bool // tells which fields of a trailer pass

	bounds bodyBounds
	framed atomic.Bool // it goes out by HTTP/2

	mu      sync.Mutex // not held while reading
	state   bodyState
	reading sync.WaitGroup // a Read of src
	unblock func()         // makes a Read of src that waits fail; nil once answered
	err     error          // why src could not be read to its end, by the client's fault
	kept    keptBody
}

// bodyState says where a requestBody stands. States only grow.
type bodyState int

const (
	bodyUntouched bodyState = iota
	bodyReading
	bodyAbandoned // the origin does not want the rest
	bodyComplete  // read to its end
	bodyReleased  // the handler has returned; net/http owns src
)

// newRequestBody returns the body for an outgoing copy of in, nil if in has
// none. The copy's trailer must be the body's; it has the fields that may says.
func newRequestBody(in *http.Request, may func(name string) bool, unblock func()) *requestBody {
	if in.Body == nil || in.Body == http.NoBody || in.ContentLength == 0 {
		return nil
	}
	b := &requestBody{src: in.Body, from: in, to: http.Header{}, may: may, unblock: unblock}
	for name := range in.Trailer {
		if may(name) {
			b.to[name] = nil // announced
		}
	}
	return b
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	if err := b.begin(); err != nil {
		return 0, err
	}
	defer b.reading.Done()
	n, err := b.readBounded(p)
	b.remember(p[:n])
	if err == io.EOF {
		b.copyTrailer()
		b.reach(bodyComplete)
	} else if err != nil {
		b.fail(err)
	}
	return n, err
}

// begin admits a Read of src.
func (b *requestBody) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = max(b.state, bodyReading)
	switch b.state {
	case bodyComplete:
		return io.EOF
	case bodyAbandoned, bodyReleased:
		return errUnwanted
	}
	b.reading.Add(1)
	return nil
}

// reach moves to a state, unless b is further already, and returns the state
// that b is in then.
func (b *requestBody) reach(s bodyState) bodyState {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = max(b.state, s)
	return b.state
}

func (b *requestBody) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state < bodyAbandoned && b.err == nil {
		b.err = err
	}
}

// copyTrailer passes on what arrived after the body. ReverseProxy sends a
// copy of the trailer that it made before there was one.
func (b *requestBody) copyTrailer() {
	for name, values := range b.from.Trailer {
		if b.may(name) {
			b.to[name] = values
		}
	}
}

// Close implements io.Closer. See requestBody. Over HTTP/2 it is the sign that the
// origin has ended the stream, while the connection stands; its answer may be on
// the way.
func (b *requestBody) Close() error {
	if b.framed.Load() {
		time.AfterFunc(answerGrace, b.abandon)
	}
	return nil
}

// abandon ends a Read that waits for the client: the connection to the origin,
// or the stream on it, has gone before an answer came. The transport would not return before the
// client sends more. net/http cancels the request's context on the way.
func (b *requestBody) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == bodyReading && b.err == nil && b.unblock != nil {
		b.state = bodyAbandoned
		b.unblock()
	}
}

// answered makes abandon do nothing: from now on the answer's body tells
// whether the origin is there. b may be nil.
func (b *requestBody) answered() {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.unblock = nil
	}
}

// abandoned reports whether abandon had something to do. b may be nil.
func (b *requestBody) abandoned() bool { return b != nil && b.reach(bodyUntouched) == bodyAbandoned }

// release ends reading for good. b may be nil.
func (b *requestBody) release() {
	if b != nil {
		b.reach(bodyReleased)
	}
}

// stop is release for a body that is not complete. It makes a Read that waits
// fail by setDeadline, waits for its end, and only then sets the deadline for
// whoever reads on: net/http clears it if it has to end a Read itself.
func (b *requestBody) stop(setDeadline func(time.Time) error, deadline time.Time) {
	b.release()
	if setDeadline(time.Now()) != nil {
		return // not a connection
	}
	b.reading.Wait()
	_ = setDeadline(deadline)
}

// untouched reports whether nothing was read. b may be nil.
func (b *requestBody) untouched() bool { return b == nil || b.reach(bodyUntouched) == bodyUntouched }

// complete reports whether everything was read. b may be nil; it must not be
// released.
func (b *requestBody) complete() bool { return b == nil || b.reach(bodyUntouched) == bodyComplete }

// clientError returns why the client's body could not be read. b may be nil.
func (b *requestBody) clientError() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// unread prepares for an answer to a request whose body, if it has one, nobody reads.
// What it returns must be called when the handler is about to return.
//
// net/http reads such a body after the handler, with no deadline of its own, and before
// that it would not even answer: whoever never sends it would have the connection
// for ever. The connection ends with this answer, as what comes too late would look
// like another request.
func (h *Handler) unread(x *exchange) (over func()) {
	if x.asked.ContentLength == 0 {
		return func() {}
	}
	x.w.closing = x.w.http1
	rc := http.NewResponseController(x.w)
	_ = rc.EnableFullDuplex() // HTTP/2 always is
	return func() { _ = rc.SetReadDeadline(time.Now().Add(h.drainPatience)) }
}

// originBody is the origin's body on its way to the client.
type originBody struct {
	io.ReadCloser
	resp *http.Response
	x    *exchange
}

// Read notes why a body ends early, and cleans the trailer before
// ReverseProxy copies it.
func (b *originBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.x.route.stripTrailer(b.resp.Trailer)
	} else if err != nil {
		b.x.cut = err
	}
	return n, err
}
