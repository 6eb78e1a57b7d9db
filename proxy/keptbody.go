package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxKeptBody is how much of a request's body is kept at most, so that the request of
// a long poll can be repeated, in bytes (GRIP: retry).
const maxKeptBody = 100_000

// Why a request cannot be repeated.
var (
	errBodyNotKept = fmt.Errorf("the body has over %d bytes", maxKeptBody)
	errBodyNotHere = errors.New("the body has not come to its end")
)

// keptBody is what has come of a requestBody, whose mutex guards it.
type keptBody struct {
	on    bool
	bytes []byte // never changed, but for what is appended
}

// keep has what passes through b kept, if it may be short enough. It is called before
// the first Read. b may be nil.
func (b *requestBody) keep() {
	if b != nil {
		b.kept.on = b.from.ContentLength <= maxKeptBody
	}
}

// remember keeps what has come.
func (b *requestBody) remember(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.kept.on:
	case len(b.kept.bytes)+len(p) > maxKeptBody:
		b.kept = keptBody{}
	default:
		b.kept.bytes = append(b.kept.bytes, p...)
	}
}

// forget keeps nothing any more: the request will not be repeated. b may be nil.
func (b *requestBody) forget() {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.kept = keptBody{}
	}
}

// again returns the whole body once more, or why it cannot. b may be nil.
func (b *requestBody) again() ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch kept := b.kept; {
	case !kept.on:
		return nil, errBodyNotKept
	case b.state != bodyComplete && int64(len(kept.bytes)) != b.from.ContentLength:
		return nil, errBodyNotHere
	default:
		return kept.bytes, nil
	}
}

// putBack gives req, a copy of the request that b was sent with, the same body. It is
// here as a whole, so nobody need be asked before whether it is wanted. Trailers are not
// kept. b may be nil.
func (b *requestBody) putBack(req *http.Request) {
	if b == nil {
		return
	}
	body, _ := b.again() // repeatable has asked
	req.Header.Del("Expect")
	req.Close, req.Trailer, req.TransferEncoding = false, nil, nil
	req.Body, req.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
}
