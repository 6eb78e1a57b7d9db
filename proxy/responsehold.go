package proxy

import (
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"go.uber.org/zap"
)

// holdResponse waits for one published response and answers with it, or with
// the origin's own when the time is up (GRIP: response hold, long polling).
func (h *Handler) holdResponse(x *exchange, r *http.Request, in *grip.Instruction, d head, body *initialBody) *failure {
	if f := h.admit(); f != nil {
		return f
	}
	own, f := body.readAll()
	if f != nil {
		h.holding.Holder.Release()
		return f
	}
	subs := x.subscriptions(in)
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		h.holding.Holder.Release()
		return f
	}
	cursor, err := h.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: subs,
		Form:          wire.Response,
		Live:          x.at.Seq,
		Group:         h.holding.Holder.Group(),
	})
	joined()
	if err != nil {
		h.holding.Holder.Release()
		return followFailure(err)
	}
	p := &poll{cursor: cursor, kicked: make(chan struct{}, 1), ended: make(chan hold.Reason, 1)}
	seat := h.holding.Holder.Attach(cursor, p)
	defer cursor.Close()
	defer h.holding.Holder.Detach(seat)
	published, result := h.wait(x, r, p, in.Timeout)
	x.counts.polls[result].Inc()
	if result == pollGone {
		return &failure{ClientGone, r.Context().Err()}
	}
	if published != nil {
		d.overlay(published)
		own = published.Body
	}
	d.writeWhole(x, r, own)
	return nil
}

// poll is a request that waits for one published response.
type poll struct {
	cursor *channels.Cursor
	kicked chan struct{}    // capacity 1, never closed
	ended  chan hold.Reason // capacity 1, never closed
}

// Kick implements hold.Waiter.
func (p *poll) Kick() {
	select {
	case p.kicked <- struct{}{}:
	default:
	}
}

// End implements hold.Waiter.
func (p *poll) End(reason hold.Reason) {
	select {
	case p.ended <- reason:
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
		if a := h.next(x, p); a != nil {
			return a, pollAnswered
		}
		if end != "" {
			return nil, end
		}
		select {
		case <-p.kicked:
		case <-p.ended:
			end = pollDrained
		case <-timer.C:
			end = pollTimedOut
		case <-r.Context().Done():
			return nil, pollGone
		}
	}
}

// next reads the poll's cursor up to a response or the head.
func (h *Handler) next(x *exchange, p *poll) *grip.Answer {
	var one [1]channels.Entry
	for {
		entries, err := p.cursor.Next(one[:0], 1, 0)
		if gap := (*channels.Gap)(nil); errors.As(err, &gap) {
			x.counts.pollGaps[gap.Reason].Inc()
			continue
		}
		if err != nil || len(entries) == 0 {
			return nil
		}
		e := &entries[0]
		if !x.filters.Takes(e) {
			continue
		}
		if e.Action(wire.Response) != channels.Send {
			x.counts.hints.Inc()
			continue
		}
		a, err := wire.ParseResponse(e.Bytes(wire.Response))
		if err == nil {
			if x.rewrite(e, a) {
				return a
			}
			continue
		}
		h.log.Error("published response is not readable", zap.String("route", x.route.Name), zap.Error(err))
	}
}

// overlay puts a published response over the origin's own: its status, and
// its fields in place of those of the same name.
func (d *head) overlay(a *grip.Answer) {
	d.code, d.reason = a.Code, a.Reason
	published := a.Header.Clone()
	dropFraming(published)
	published.Del("Content-Length")
	maps.Copy(d.header, published)
}

// writeWhole answers with a body that is known. After HEAD net/http leaves it
// out.
func (d *head) writeWhole(x *exchange, r *http.Request, body []byte) {
	if d.bodyless() {
		d.write(x, r)
		return
	}
	d.header.Set("Content-Length", strconv.Itoa(len(body)))
	d.write(x, r)
	x.w.Write(body)
}
