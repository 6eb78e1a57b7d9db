package proxy

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// waiting is a poll whose request is being repeated, and what can end its wait.
type waiting struct {
	poll  *poll
	r     *http.Request
	timer *time.Timer // of the hold
}

// until receives from c, unless the wait ends before.
func until[T any](w waiting, c <-chan T) (v T, end pollResult) {
	select {
	case v = <-c:
		return v, ""
	case <-w.poll.ended:
		return v, w.poll.end()
	case <-w.timer.C:
		return v, pollTimedOut
	case <-w.r.Context().Done():
		return v, pollGone
	}
}

// answer is an origin's to a repeated request, or why there is none.
type answer struct {
	resp *http.Response // its body is the caller's to close
	at   channels.Position
	err  error
}

// askAgain sends the request of x once more, with what the client has seen. An
// origin that takes its time does not keep the client beyond the end of its wait.
func (h *Handler) askAgain(x *exchange, w waiting) (answer, pollResult) {
	ctx, cancel := context.WithCancel(w.r.Context())
	again := &exchange{route: x.route, counts: x.counts} // x is the handler's, who may go on before
	req := again.bind(x.held.Request.Clone(ctx))
	x.body.putBack(req)
	req.Header["Grip-Last"] = x.route.lastOf(w.poll.seen)
	h.sign(req.Header, x.route)
	answers := make(chan answer, 1)
	go func() {
		resp, err := x.route.forward.Transport.RoundTrip(req)
		answers <- answer{resp, again.at, err}
	}()
	a, end := until(w, answers)
	if end != "" {
		cancel()
		a = <-answers
	}
	a.settle(end != "", cancel)
	return a, end
}

// settle closes an answer that is late, or none: errors of servers pass.
func (a *answer) settle(late bool, cancel context.CancelFunc) {
	switch {
	case a.err != nil:
		cancel()
	case late || a.resp.StatusCode < http.StatusOK || a.resp.StatusCode >= http.StatusInternalServerError:
		a.resp.Body.Close()
		cancel()
		a.err = errLinkStatus(a.resp.StatusCode)
	default:
		a.resp.Body = endingBody{a.resp.Body, cancel}
	}
}

// endingBody ends its request when it is closed.
type endingBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b endingBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
