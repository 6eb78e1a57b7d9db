package proxy

import (
	"maps"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// holdResponse waits for one published response and answers with it, or with
// the origin's own when the time is up (GRIP: response hold, long polling).
func (h *Handler) holdResponse(x *exchange, r *http.Request, in *grip.Instruction, d head, body *initialBody) (f *failure) {
	defer func() {
		if f != nil && r.Context().Err() != nil { // the client has gone, whatever f says
			h.farewell(x)()
		}
	}()
	if f := h.turnAway(x, r, in, x.subscriptions(in)); f != nil {
		return f
	}
	switch f := h.admit(x, r, in); {
	case f != nil && x.seen != nil: // it has waited already, and may not any longer
		return h.answer(x, r, d, body)
	case f != nil:
		return f
	}
	own, f := body.readAll()
	if f != nil {
		h.holding.Holder.Release()
		return f
	}
	p, f := h.newPoll(x, r, in, own)
	if f != nil {
		h.holding.Holder.Release()
		return f
	}
	defer h.endPoll(x, p)
	published, result := h.wait(x, r, p, waitingTime(in))
	x.counts.polls[result].Inc()
	switch {
	case result == pollGone:
		return &failure{ClientGone, r.Context().Err()}
	case result == pollRevoked:
		return &failure{Revoked, errBarred}
	case result == pollBroken:
		return &failure{BadPatch, p.broken}
	case result == pollRepeated:
		return nil // follow goes on with the new answer
	case published == nil:
		d.writeWhole(x, r, own)
		return nil
	}
	d.overlay(published)
	d.writeWhole(x, r, published.Body)
	return nil
}

// waitingTime is how long a poll waits at most: no longer than its client is let in.
func waitingTime(in *grip.Instruction) time.Duration {
	if in.Expires > 0 {
		return min(in.Timeout, in.Expires)
	}
	return in.Timeout
}

// newPoll places a poll's cursor and has it hear of news. The caller has a place
// for it.
func (h *Handler) newPoll(x *exchange, r *http.Request, in *grip.Instruction, own []byte) (*poll, *failure) {
	subs := x.subscriptions(in)
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		return nil, f
	}
	defer joined()
	follow := channels.Follow{
		Subscriptions: subs,
		Form:          wire.Response,
		Live:          x.at.Seq,
		Epoch:         x.at.Epoch,
		Group:         h.holding.Holder.Group(),
		Chained:       x.repeatable(),
		Trusting:      x.tries >= hold.Stubborn,
	}
	if x.continued != nil {
		follow.Continued = x.continued
		x.route.continued(subs, x.seen)
	}
	cursor, err := h.holding.Hub.Follow(ctx, follow)
	if err != nil {
		return nil, followFailure(err)
	}
	p := &poll{
		cursor: cursor,
		client: h.clientOf(x, r, in),
		labels: hold.Labels{Route: x.route.Name, Protocol: hold.FramingOf(r).String()},
		names:  namesOf(subs),
		seen:   x.route.seen(in),
		own:    own,
		kicked: make(chan struct{}, 1),
		ended:  make(chan hold.Reason, 1),
		asked:  make(chan struct{}, 1),
	}
	h.noteUnrepeatable(x, r)
	p.seat = h.holding.Holder.Attach(cursor, p)
	x.route.recovery.enterPoll(p)
	return p, nil
}

// noteUnrepeatable tells whoever looks closely why a poll will not ask its origin.
func (h *Handler) noteUnrepeatable(x *exchange, r *http.Request) {
	if _, err := x.body.again(); err != nil {
		h.log.Debug("request of a long poll cannot be repeated",
			zap.String("route", x.route.Name), zap.String("path", r.URL.Path), zap.Error(err))
	}
}

// endPoll undoes newPoll, and gives the place back.
func (h *Handler) endPoll(x *exchange, p *poll) {
	x.route.recovery.leavePoll(p)
	h.holding.Holder.Detach(p.seat)
	p.cursor.Close()
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
