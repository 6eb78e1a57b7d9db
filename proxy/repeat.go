package proxy

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
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
	// continued is where the wait had got to. Nil: there is no such place in the order
	// of the answer.
	continued *channels.Continued
}

// onRestart: the order that the wait was in has ended.
const onRestart hold.Trigger = "restart"

// repeatable reports whether the request can be sent again: one that has a body, with
// the whole of it.
func (x *exchange) repeatable() bool {
	_, err := x.body.again()
	return err == nil
}

// repeat asks the origin again until it answers, and returns pollRepeated; or how
// the wait has ended before that.
func (h *Handler) repeat(x *exchange, r *http.Request, p *poll, timer *time.Timer) pollResult {
	w := waiting{p, r, timer}
	delay := time.Duration(0)
	if p.trigger != hold.OnHint && p.trigger != hold.OnCommand {
		delay = x.route.recovery.settling(x.tries)
		x.tries++
	}
	for failures := 1; ; failures++ {
		_, end := until(w, time.After(delay))
		if end == "" {
			end = h.repeatOnce(x, w)
		}
		if end != "" {
			x.counts.recovered(p.trigger, outcomeOf(end))
			return end
		}
		delay = errand.Backoff(x.route.recovery.retry, failures)
	}
}

// outcomeOf is what became of a recovery.
func outcomeOf(end pollResult) recoveryOutcome {
	switch end {
	case pollRepeated:
		return recoveryDone
	case pollGone:
		return recoveryGone
	}
	return recoveryFailed
}

// repeatOnce asks the origin again. It returns pollRepeated if x has another answer,
// nothing if there is none, or how the wait has ended before that.
func (h *Handler) repeatOnce(x *exchange, w waiting) pollResult {
	turn := x.route.recovery.turn()
	defer close(turn.done)
	if _, end := until(w, turn.given); end != "" {
		return end
	}
	asked := h.head()
	a, end := h.askAgain(x, w)
	if end != "" {
		return end
	}
	x.counts.asked(a.err)
	if a.err != nil {
		h.linkLimit.Do(func() {
			h.log.Warn("repeated request not answered", zap.String("route", x.route.Name), zap.String("path", w.r.URL.Path), zap.Error(a.err))
		})
		return ""
	}
	x.held.Body.Close()
	a.resp.Body = &originBody{a.resp.Body, a.resp, x}
	x.goOn(w.poll, asked, a.at)
	x.held, x.again, x.at = a.resp, true, a.at
	if w.poll.revoked.Load() {
		x.again = false
		return pollRevoked
	}
	return pollRepeated
}

// goOn remembers how far p had got, and when it was asked for, if the answer that came
// at a place is of the same order: places of another one mean nothing.
func (x *exchange) goOn(p *poll, asked, at channels.Position) {
	x.seen, x.since, x.continued = p.seen, 0, nil
	if asked.Epoch == at.Epoch {
		x.since = asked.Seq
	}
	if x.at.Epoch == at.Epoch {
		x.continued = &channels.Continued{Place: p.cursor.Place()}
	}
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

// turn asks for a permit to send a request to an origin. Who closes done has been
// answered, or will not ask any more. After close it is never given.
func (rec *recovery) turn() *permit {
	p := &permit{make(chan struct{}), make(chan struct{})}
	rec.permits.Add("", p, 0)
	return p
}
