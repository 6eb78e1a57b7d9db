package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// again decides whether a request that has failed at one origin is sent to
// another. An origin that may have acted on a request is not asked again, nor
// is another one, unless the request is safe (RFC 9110 §9.2.1) and there was
// not a byte of an answer. Then it is asked once more, and not oftener: what
// breaks two origins may be the request itself.
type again struct {
	tried  []*backend
	failed error // of the attempts up to now
	broken bool  // it was asked once more already
}

// note remembers a failed attempt and returns f with the names of all origins
// that were asked, and why not. It wraps the last error only.
func (a *again) note(b *backend, f *failure) *failure {
	a.tried = append(a.tried, b)
	if a.failed == nil {
		a.failed = fmt.Errorf("%s: %w", b.url.Host, f.err)
	} else {
		a.failed = fmt.Errorf("%s: %w; before that %v", b.url.Host, f.err, a.failed)
	}
	return &failure{f.reason, a.failed}
}

// allowed reports whether the request may be sent once more after f, and to
// whom: where there is no other origin, to the same.
func (a *again) allowed(req *http.Request, x *exchange, f *failure) bool {
	var notConnected *connectError
	switch {
	case errors.As(f, &notConnected):
		return x.body.untouched()
	case f.reason != OriginBroken || !unanswered(f):
		return false
	case a.broken || req.ContentLength != 0 || !isSafe(req.Method):
		return false
	}
	a.broken = true
	if len(x.route.Origins) == 1 {
		a.tried = nil
	}
	return true
}

// unanswered reports whether a connection broke or ended before a byte of the
// answer. The transport calls an end within the answer's head unexpected.
func unanswered(err error) bool {
	var broken *unansweredError
	return errors.As(err, &broken) || errors.Is(err, io.EOF)
}

// isSafe reports whether asking twice is the same as asking once.
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// takeFailure names the reason why no origin was asked.
func takeFailure(err error) *failure {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &failure{ClientGone, err}
	}
	return &failure{OriginBusy, err}
}
