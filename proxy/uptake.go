package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

var errNotTaken = errors.New("the origin takes nothing of the request's body")

// uptake watches over an origin that is sent a body. Until it answers it has to take
// some of the body again and again; a transport counts the time only once it has
// everything. The transport's goroutines use it beside the one that asks.
type uptake struct {
	patience time.Duration
	end      context.CancelCauseFunc // of the attempt

	mu       sync.Mutex
	timer    *time.Timer // of overdue; nil before the first Read
	answered bool
}

// watchUptake returns req such that it ends with errNotTaken when the origin takes
// nothing of its body for patience. It returns nil for a request without a body, or
// without patience.
func watchUptake(req *http.Request, patience time.Duration) (*http.Request, *uptake) {
	if req.Body == nil || req.Body == http.NoBody || patience <= 0 {
		return req, nil
	}
	ctx, end := context.WithCancelCause(req.Context())
	u := &uptake{patience: patience, end: end}
	req = req.WithContext(ctx)
	req.Body = &takenBody{req.Body, u}
	if get := req.GetBody; get != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := get()
			return &takenBody{body, u}, err
		}
	}
	return req, u
}

// stop ends the watch: the origin has answered, with resp, or the attempt has failed. u may be
// nil. The context of the attempt ends with the answer's body.
func (u *uptake) stop(resp *http.Response) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answered = true
	if u.timer != nil {
		u.timer.Stop()
	}
	switch {
	case resp == nil || resp.Body == http.NoBody:
		u.end(nil)
	case resp.StatusCode != http.StatusSwitchingProtocols: // a tunnel ends with the client's request
		resp.Body = endingBody{resp.Body, func() { u.end(nil) }}
	}
}

// begin waits for the origin, for d.
func (u *uptake) begin(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.answered:
	case u.timer == nil:
		u.timer = time.AfterFunc(d, u.overdue)
	default:
		u.timer.Reset(d)
	}
}

// taken notes that the origin has taken what there was.
func (u *uptake) taken() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.timer != nil {
		u.timer.Stop()
	}
}

func (u *uptake) overdue() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.answered {
		u.end(errNotTaken)
	}
}

// takenBody is a body of which more is read when the origin has taken what was read.
type takenBody struct {
	io.ReadCloser
	uptake *uptake
}

// Read implements io.Reader.
func (b *takenBody) Read(p []byte) (int, error) {
	b.uptake.taken()
	n, err := b.ReadCloser.Read(p)
	switch err {
	case nil:
		b.uptake.begin(b.uptake.patience)
	case io.EOF: // the rest is to be taken, and then the transport counts
		b.uptake.begin(2 * b.uptake.patience)
	}
	return n, err
}
