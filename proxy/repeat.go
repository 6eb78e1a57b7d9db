package proxy

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// A response hold recovers by the client's own request, sent to the origin once
// more as it was, credentials and all, with what the client has seen (GRIP: retry).
// The answer takes the place of the first one: as another hold, which the client
// does not notice, or as its response. Such requests are never shared.

// repeats is what an exchange knows of its repetitions.
type repeats struct {
	again bool        // there is another answer to follow
	tries int         // how often the request was repeated for a gap
	since uint64      // the place when it was repeated last: hints up to there are answered
	seen  []hold.Seen // what the origin was told then; nil: never
	place uint64      // where the wait had got to
}

// repeatable reports whether the request can be sent again: a body is gone when it
// has been sent.
func (x *exchange) repeatable() bool { return x.body == nil }

// repeat asks the origin again until it answers, and returns pollRepeated; or how
// the wait has ended before that.
func (h *Handler) repeat(x *exchange, r *http.Request, p *poll, timer *time.Timer) pollResult {
	delay := time.Duration(0)
	if p.trigger != hold.OnHint && p.trigger != hold.OnCommand {
		delay = x.route.recovery.settling(x.tries)
		x.tries++
	}
	for failures := 1; ; failures++ {
		if end := p.pause(r, timer, delay); end != "" {
			x.counts.recovered(p.trigger, outcomeOf(end))
			return end
		}
		if h.repeatOnce(x, r, p) {
			x.counts.recovered(p.trigger, recoveryDone)
			return pollRepeated
		}
		delay = errand.Backoff(x.route.recovery.retry, failures)
	}
}

// outcomeOf is what became of a recovery that the end of the wait has overtaken.
func outcomeOf(end pollResult) recoveryOutcome {
	if end == pollGone {
		return recoveryGone
	}
	return recoveryFailed
}

// pause waits, unless the wait ends before.
func (p *poll) pause(r *http.Request, timer *time.Timer, d time.Duration) (end pollResult) {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return ""
	case <-p.ended:
		return pollDrained
	case <-timer.C:
		return pollTimedOut
	case <-r.Context().Done():
		return pollGone
	}
}

// repeatOnce asks the origin again and reports whether x has another answer.
// Errors of servers are none: they pass.
func (h *Handler) repeatOnce(x *exchange, r *http.Request, p *poll) bool {
	done, err := x.route.recovery.turn(r.Context())
	if err != nil {
		return false
	}
	defer done()
	asked := h.head().Seq
	req := x.held.Request.Clone(r.Context())
	req.Header["Grip-Last"] = x.route.lastOf(p.seen)
	h.sign(req.Header, x.route)
	resp, err := x.route.forward.Transport.RoundTrip(req)
	if err == nil && resp.StatusCode >= http.StatusInternalServerError {
		resp.Body.Close()
		err = errLinkStatus(resp.StatusCode)
	}
	x.counts.asked(err)
	if err != nil {
		h.linkLimit.Do(func() {
			h.log.Warn("repeated request not answered", zap.String("route", x.route.Name), zap.String("path", r.URL.Path), zap.Error(err))
		})
		return false
	}
	x.held.Body.Close()
	resp.Body = &originBody{resp.Body, resp, x}
	x.held, x.again = resp, true
	x.since, x.seen, x.place = asked, p.seen, p.cursor.Place()
	return true
}

// permit is a request's place among those that are under way.
type permit struct{ given, done chan struct{} }

func newPermits(p Pace) *errand.Desk[*permit] {
	o := p.options()
	o.Spread = 0 // clients are out of step by themselves
	return errand.New(o, func(ctx context.Context, one []*permit) {
		close(one[0].given)
		select {
		case <-one[0].done:
		case <-ctx.Done():
		}
	})
}

// turn returns when a request to an origin may be sent. done must be called when
// it has been answered.
func (rec *recovery) turn(ctx context.Context) (done func(), err error) {
	p := &permit{make(chan struct{}), make(chan struct{})}
	done = func() { close(p.done) }
	if !rec.permits.Add("", p, 0) {
		return nil, context.Canceled
	}
	select {
	case <-p.given:
		return done, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}
