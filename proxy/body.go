package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

var errReleased = errors.New("request body read after the handler returned")

// requestBody is the client's body on its way to the origin. The transport's
// goroutines read it. It outlives attempts to connect: Close does nothing,
// because a transport closes the body of a request that it could not send.
type requestBody struct {
	src  io.ReadCloser
	from *http.Request // whose Trailer is filled at the end of src
	to   http.Header   // the outgoing trailer, written before EOF is reported

	mu       sync.Mutex // guards what follows; not held while reading
	touched  bool
	released bool
	err      error // what reading src ended with, nil for a clean end
}

// newRequestBody returns the body for an outgoing copy of in, nil if in has
// none. The copy's trailer must be the body's.
func newRequestBody(in *http.Request) *requestBody {
	if in.Body == nil || in.Body == http.NoBody || in.ContentLength == 0 {
		return nil
	}
	b := &requestBody{src: in.Body, from: in, to: http.Header{}}
	for name := range in.Trailer {
		if !isGrip(name) {
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
	n, err := b.src.Read(p)
	if err == io.EOF {
		b.copyTrailer()
	} else if err != nil {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
	}
	return n, err
}

func (b *requestBody) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.released {
		return errReleased
	}
	b.touched = true
	return nil
}

// copyTrailer passes on what arrived after the body. ReverseProxy sends a
// copy of the trailer that it made before there was one.
func (b *requestBody) copyTrailer() {
	for name, values := range b.from.Trailer {
		if !isGrip(name) {
			b.to[name] = values
		}
	}
}

// Close implements io.Closer. See requestBody.
func (b *requestBody) Close() error { return nil }

// release ends reading: net/http owns the client's body once the handler has
// returned. It may be called on nil.
func (b *requestBody) release() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.released = true
}

// untouched reports whether nothing was read. It may be called on nil.
func (b *requestBody) untouched() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.touched
}

// clientError returns why the client's body could not be read. It may be
// called on nil.
func (b *requestBody) clientError() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
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
		stripGrip(b.resp.Trailer)
	} else if err != nil {
		b.x.cut = err
	}
	return n, err
}
