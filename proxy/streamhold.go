package proxy

import (
	"io"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// holdStream sends the initial response and gives the connection to the
// holder (GRIP: stream hold).
func (h *Handler) holdStream(x *exchange, r *http.Request, in *grip.Instruction, d head, body *initialBody) *failure {
	if f := h.admit(); f != nil {
		return f
	}
	placed := false
	defer func() {
		if !placed {
			h.holding.Holder.Release()
		}
	}()
	events := d.isEventStream()
	if events {
		d.adviseMiddleboxes()
	}
	subs := x.subscriptions(in)
	more := h.nextOf(x, in, x.links, events)
	defer func() {
		if !placed && more != nil {
			more.ended()
		}
	}()
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		return f
	}
	hold.Prepare(x.w, r)
	d.write(x, r)
	seen, err := x.sendInitial(events, body)
	if err != nil {
		joined()
		x.abort()
	}
	cursor, err := h.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: subs,
		Form:          x.form(events),
		Live:          x.at.Seq,
		Resume:        h.resumePoint(x, r, events, seen),
		Group:         h.holding.Holder.Group(),
		Chained:       more != nil,
	})
	joined()
	if err != nil {
		h.note(x, r, followFailure(err))
		return nil // the stream ends cleanly with its initial body
	}
	h.open(x, events, seen, cursor)
	if err := x.w.FlushError(); err != nil {
		cursor.Close()
		x.abort()
	}
	placed = true
	x.giveUp()
	stream := h.stream(x, in, events, seen, cursor)
	more.attach(stream)
	if err := h.holding.Holder.Hold(x.w.ResponseWriter, r, stream); err != nil {
		more.ended()
		h.note(x, r, &failure{ClientGone, err}) // in between
		x.abort()
	}
	return nil
}

// giveUp makes the connection ready for the holder. A request that has not
// been read to its end is read no more: the origin has answered it, and net/http
// would keep the connection until the client has sent the rest.
func (x *exchange) giveUp() {
	x.taken = true
	if x.w.http1 && !x.body.complete() {
		x.body.stop(http.NewResponseController(x.w).SetReadDeadline, time.Now())
	}
}

// sendInitial sends the route's retry and the origin's initial body.
func (x *exchange) sendInitial(events bool, body *initialBody) (*streamReader, error) {
	seen := new(streamReader)
	if !events {
		return seen, body.copyTo(x.w, x.w.FlushError)
	}
	if ms := x.route.Retry.Milliseconds(); ms > 0 {
		x.w.Write(sse.AppendRetry(nil, int(ms)))
	}
	return seen, body.copyTo(io.MultiWriter(x.w, seen), x.w.FlushError)
}

// open tells the client its position, where the route wants that. Inside an
// unfinished event nothing of ours can stand, and before a gap there is no
// position: the gap event comes at once and has an id.
func (h *Handler) open(x *exchange, events bool, seen *streamReader, cursor *channels.Cursor) {
	if !events || x.route.Resume != ResumePositions || !seen.state.AtBoundary() {
		return
	}
	if p := cursor.Position(); !p.IsZero() {
		x.w.Write(sse.AppendEvent(nil, sse.Event{Name: h.holding.PositionEvent, ID: p.String(), Data: "{}"}))
	}
}

// form is which encoding of entries the stream gets. Only event streams are
// given ids.
func (x *exchange) form(events bool) channels.Form {
	if events && x.route.Resume == ResumePositions {
		return wire.StreamIDs
	}
	return wire.Stream
}

// stream describes the held stream to the holder.
func (h *Handler) stream(x *exchange, in *grip.Instruction, events bool, seen *streamReader, cursor *channels.Cursor) *hold.Stream {
	s := &hold.Stream{
		Cursor:       cursor,
		Form:         x.form(events),
		EventStream:  events,
		State:        seen.state,
		KeepAlive:    x.route.keepAlive(in, events),
		OnLag:        x.route.lagPolicy(events),
		WriteTimeout: x.route.WriteTimeout,
		Route:        x.route.Name,
	}
	if events {
		s.GapEvent = h.appendGap
	}
	return s
}

// lagPolicy is what happens to a stream that is too slow: an event stream can
// be told, others can only end.
func (rt *route) lagPolicy(events bool) hold.LagPolicy {
	if events && rt.OnLag != LagClose {
		return hold.GapOnLag
	}
	return hold.CloseOnLag
}

// keepAlive is the instruction's, or the route's on event streams.
func (rt *route) keepAlive(in *grip.Instruction, events bool) hold.KeepAlive {
	k := in.KeepAlive
	switch {
	case k != nil && k.Always:
		return hold.KeepAlive{Data: k.Data, Interval: k.Interval, Mode: hold.Interval}
	case k != nil:
		return hold.KeepAlive{Data: k.Data, Interval: k.Interval, Mode: hold.Idle}
	case !events || rt.KeepAlive.Interval <= 0:
		return hold.KeepAlive{}
	}
	out := hold.KeepAlive{Data: keepAliveData(rt.KeepAlive.Format), Interval: rt.KeepAlive.Interval}
	if rt.KeepAlive.Fixed {
		out.Mode = hold.Interval
	}
	return out
}

// keepAliveData is what a keep-alive of ours looks like. A comment is not seen
// by the page, an event can be listened for, data reaches onmessage.
func keepAliveData(f KeepAliveFormat) []byte {
	switch f {
	case KeepAliveEvent:
		return []byte("event: keep-alive\ndata: {}\n\n")
	case KeepAliveData:
		return []byte("data: \n\n")
	default:
		return []byte(":\n\n")
	}
}
