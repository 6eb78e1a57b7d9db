package proxy

import (
	"context"
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
	subs := x.subscriptions(in)
	k := &keeping{events: d.isEventStream(), in: in, next: x.links.next, at: x.at, until: momentAfter(in.Expires), farewell: h.farewell(x)}
	defer h.unlessKept(k)
	if f := h.turnAway(x, r, in, subs); f != nil {
		return f
	}
	if f := h.enter(x, r, k); f != nil {
		return f
	}
	ctx, joined, f := h.join(r, subs)
	if f != nil {
		return f
	}
	if x.grant != nil {
		// No origin has said what came before, so the stream starts here: a hub with
		// a feed learns by joining how far the order has come.
		k.at = h.head()
	}
	h.sendHead(x, r, k, d)
	var err error
	if k.seen, err = x.sendInitial(k.events, body); err != nil {
		joined()
		x.abort()
	}
	h.keep(ctx, x, r, k, subs)
	joined()
	h.hold(x, r, k)
	return nil
}

// keeping is a stream on its way to the holder.
type keeping struct {
	events bool
	in     *grip.Instruction
	next   *link             // nil: none
	at     channels.Position // noted when the head of the answer with in arrived, or on joining
	until  time.Time         // when the client has to leave by the word of in, however slowly it reads what comes first; zero: never
	seen   *streamReader     // what the client has been sent

	cursor *channels.Cursor // nil: there is nothing to follow, the stream ends
	more   *linked          // nil: no link
	tenure *tenure          // nil: it may stay for ever
	// farewell tells the origin that the client has gone, or was never let in.
	farewell func()
	counted  counted // what the holder's stream takes along
	admitted bool    // it has a place
	kept     bool    // the holder has, or had, the stream and its place
}

// enter lets a stream in, or says why it must stay outside.
func (h *Handler) enter(x *exchange, r *http.Request, k *keeping) *failure {
	if f := h.begin(x, r); f != nil {
		return f
	}
	f := h.admit(x, r, k.in)
	k.admitted = f == nil
	return f
}

// unlessKept gives back what a stream had that nobody holds.
func (h *Handler) unlessKept(k *keeping) {
	if k.kept {
		return
	}
	k.counted.giveBack()
	if k.admitted {
		h.holding.Holder.Release()
	}
	k.more.ended()
	k.farewell()
}

// sendHead sends the head of a stream.
func (h *Handler) sendHead(x *exchange, r *http.Request, k *keeping, d head) {
	if k.events {
		d.adviseMiddleboxes()
	}
	hold.Prepare(x.w, r)
	d.write(x, r)
}

// keep places the cursor of a stream whose channels have been joined with ctx. If
// it cannot, the stream ends cleanly with its initial body.
func (h *Handler) keep(ctx context.Context, x *exchange, r *http.Request, k *keeping, subs []channels.Subscription) {
	cursor, err := h.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: subs,
		Form:          x.form(k.events),
		Live:          k.at.Seq,
		Epoch:         k.at.Epoch,
		Resume:        x.readBuiltID(h.resumePoint(x, r, k.events, k.seen), subs),
		Group:         h.holding.Holder.Group(),
		Chained:       k.next != nil,
	})
	if err != nil {
		h.note(x, r, followFailure(err))
		return
	}
	k.cursor = cursor
}

// attach has the holder know the stream's link, and tell of its end whoever must
// know.
func (k *keeping) attach(s *hold.Stream, gone bool) {
	more, tenure, farewell, told := k.more, k.tenure, k.farewell, s.Ended
	if more != nil {
		s.Link = more.link
	}
	if more != nil || tenure != nil || gone {
		s.Ended = func(why hold.Reason) {
			more.ended()
			tenure.over()
			farewell()
			told(why)
		}
	}
	s.Ended = k.counted.givenBackAfter(s.Ended)
}

// hold gives a stream to the holder.
func (h *Handler) hold(x *exchange, r *http.Request, k *keeping) {
	if k.cursor == nil {
		return
	}
	k.counted = x.takeCounted()
	if k.next != nil {
		k.more = x.newLinked(h, k)
	}
	h.open(x, k.events, k.seen, k.cursor)
	if err := x.w.FlushError(); err != nil {
		k.cursor.Close()
		x.abort()
	}
	s := h.stream(x, k.in, k.events, k.seen, k.cursor)
	s.Client = h.clientOf(x, r, k.in)
	k.tenure = h.newTenure(x, k, s)
	k.more.of(s.Client.Who, k.tenure)
	k.attach(s, x.links.gone != nil)
	k.kept = true
	x.giveUp()
	h.users.enter() // until s.Ended
	var err error
	if x.wait, err = h.holding.Holder.Hold(x.w.ResponseWriter, x.asked, s); err != nil {
		k.more.ended()
		k.tenure.over()
		k.farewell()
		k.counted.giveBack()
		h.streamEnded("")
		h.note(x, r, &failure{ClientGone, err}) // in between
		x.abort()
	}
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
		Filters:      x.filters,
		EventStream:  events,
		State:        seen.state,
		KeepAlive:    x.route.keepAlive(in, events),
		OnLag:        x.route.lagPolicy(events),
		WriteTimeout: x.route.WriteTimeout,
		Route:        x.route.Name,
		Ended:        h.streamEnded,
	}
	if events {
		s.GapEvent = h.gapEvent
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
