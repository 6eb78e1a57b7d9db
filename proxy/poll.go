package proxy

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// poll is a request that waits for one published response.
type poll struct {
	// Fixed after newPoll.
	cursor *channels.Cursor
	client hold.Client
	labels hold.Labels
	names  []string // of its channels
	seat   *hold.Seat
	seen   []hold.Seen      // by subscription: the prev-ids of the instruction
	kicked chan struct{}    // capacity 1, never closed
	ended  chan hold.Reason // capacity 1, never closed
	asked  chan struct{}    // capacity 1, never closed: the origin is to be asked again

	revoked atomic.Bool // set before ended: it may get no response that is published after that
	called  atomic.Bool // ask will be called

	// Owned by the handler.
	own     []byte       // the origin's body, which patches change
	trigger hold.Trigger // why the request is to be repeated
	broken  error        // why a patch could not be applied, if it is not repeated
	stale   bool         // the order that the cursor reads has ended
}

// ask has the request repeated.
func (p *poll) ask() {
	p.called.Store(false)
	nudge(p.asked)
}

// Kick implements hold.Waiter.
func (p *poll) Kick() { nudge(p.kicked) }

// End implements hold.Waiter.
func (p *poll) End(reason hold.Reason) {
	if reason.AtOnce() {
		p.revoked.Store(true)
	}
	select {
	case p.ended <- reason:
	default:
	}
}

// Identity implements hold.Known.
func (p *poll) Identity() hold.Client { return p.client }

// Describe implements hold.Describer. A poll has nothing to catch up with.
func (p *poll) Describe(tell func(hold.Facts)) { tell(hold.Facts{Channels: p.names}) }

// end is how the wait is over that somebody has ended.
func (p *poll) end() pollResult {
	if p.revoked.Load() {
		return pollRevoked
	}
	return pollDrained
}

// Labels implements hold.Labelled.
func (p *poll) Labels() hold.Labels { return p.labels }

// nudge tells a channel of capacity 1 that there is something.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait returns the first response that is published, or nil and why there is
// none. What was published before the end counts, whether or not the kick for it
// has come.
func (h *Handler) wait(x *exchange, r *http.Request, p *poll, timeout time.Duration) (*grip.Answer, pollResult) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for end := pollResult(""); ; {
		a := h.next(x, p)
		if p.trigger != "" && end == "" {
			end = h.repeat(x, r, p, timer)
		}
		switch {
		case p.revoked.Load(): // perhaps before a was published
			return nil, pollRevoked
		case a != nil:
			return a, pollAnswered
		case p.broken != nil:
			return nil, pollBroken
		case p.stale && end == "":
			return nil, pollDrained
		case end == pollRepeated, end == pollGone:
			return nil, end
		case end != "" && p.goesOn():
			continue
		case end != "":
			return nil, end
		}
		select {
		case <-p.kicked:
		case <-p.asked:
			p.want(x, hold.OnCommand)
		case <-p.ended:
			end = p.end()
		case <-timer.C:
			end = pollTimedOut
		case <-r.Context().Done():
			return nil, pollGone
		}
	}
}

// want has the request repeated, if it can be.
func (p *poll) want(x *exchange, t hold.Trigger) {
	if x.repeatable() {
		p.trigger = t
	}
}

// goesOn reports, at the end, whether to read on although the request was not
// repeated, which it will not be any more then: unless something is known to be
// missing, what was published is an answer.
func (p *poll) goesOn() bool {
	if p.trigger != hold.OnHint && p.trigger != hold.OnCommand {
		return false
	}
	p.trigger = ""
	return true
}

// next reads the poll's cursor up to a response, something for which the request
// must be repeated, or the head.
func (h *Handler) next(x *exchange, p *poll) *grip.Answer {
	var one [1]channels.Entry
	for p.trigger == "" && p.broken == nil {
		entries, err := p.cursor.Next(one[:0], 1, 0)
		if gap := (*channels.Gap)(nil); errors.As(err, &gap) {
			x.counts.pollGaps[gap.Reason].Inc()
			if p.covers(gap) {
				p.want(x, hold.Trigger(gap.Reason))
			}
			continue
		}
		if err != nil {
			p.outlive(x)
			return nil
		}
		if len(entries) == 0 {
			return nil
		}
		if e := &entries[0]; !x.filters.Takes(e) {
			p.pass(e)
		} else if a := h.published(x, p, e); a != nil {
			return a
		}
	}
	return nil
}

// outlive is called when the order of the cursor has ended: nothing comes from it any
// more, and nobody knows what of the next one the client would have had.
func (p *poll) outlive(x *exchange) {
	if !p.stale {
		x.counts.pollGaps[channels.Epoch].Inc()
	}
	p.stale = true
	p.want(x, onRestart)
}

// published is the response that an entry brings the poll, nil if it brings none.
func (h *Handler) published(x *exchange, p *poll, e *channels.Entry) *grip.Answer {
	seen := p.seen[e.Subscription()].ID
	switch {
	case e.Action(wire.Response) != channels.Send:
		x.counts.hints.Inc()
		if e.Seq() > x.since {
			p.want(x, hold.OnHint)
		}
		return nil
	case seen != "" && string(e.ItemID()) == seen:
		return nil // the origin has told it
	case seen != "" && len(e.PrevID()) > 0 && string(e.PrevID()) != seen && !p.cursor.PassedOver(e):
		x.counts.pollGaps[channels.Missing].Inc()
		if p.want(x, hold.Trigger(channels.Missing)); p.trigger != "" {
			return nil
		}
	}
	f, err := wire.ParseResponse(e.Bytes(wire.Response))
	if err != nil {
		h.log.Error("published response is not readable", zap.String("route", x.route.Name), zap.Error(err))
		return nil
	}
	if !x.suits(e) {
		p.pass(e)
		return nil
	}
	if f.Patch != nil && !p.patch(x, f) {
		return nil
	}
	if !x.rewrite(e, &f.Answer) {
		p.pass(e)
		return nil
	}
	return &f.Answer
}

// pass says that the request does not get e, which has passed all the same.
func (p *poll) pass(e *channels.Entry) {
	if s := &p.seen[e.Subscription()]; s.ID != "" {
		s.ID = string(e.ItemID())
	}
}

// patch gives the answer the origin's body, changed as published. If it cannot be, it
// reports false, and the origin is asked for another.
func (p *poll) patch(x *exchange, f *grip.ResponseFormat) bool {
	body, err := grip.ApplyPatch(p.own, f.Patch, maxInstruction)
	if err == nil {
		f.Answer.Body = body
		return true
	}
	if p.want(x, onPatch); p.trigger == "" {
		p.broken = err
	}
	return false
}

// onPatch: a published patch does not fit to the body.
const onPatch hold.Trigger = "patch"

// covers reports whether the origin can tell what is missing: it has said itself
// what the client has seen.
func (p *poll) covers(gap *channels.Gap) bool {
	for _, s := range p.seen {
		if (gap.Channel == "" || gap.Channel == s.Channel) && s.ID != "" {
			return true
		}
	}
	return false
}
