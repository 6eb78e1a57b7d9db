package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/barred"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/lease"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// Hub is where cursors come from.
type Hub interface {
	// Await returns when the channels can be followed without a wait, which
	// lasts until release.
	Await(ctx context.Context, names ...string) (release func(), err error)
	Follow(context.Context, channels.Follow) (*channels.Cursor, error)
}

// Holding is what a Handler needs to do as instructed. The caller may not
// change what it points to after New.
type Holding struct {
	Hub    Hub
	Holder hold.Holder
	// MaxChannels bounds the channels of one hold.
	MaxChannels int
	// ResumeParameters are query parameters that are read as Last-Event-ID
	// when the header is missing, in order.
	ResumeParameters []string
	// PositionEvent and GapEvent name the events that tell a client its
	// position and a gap.
	PositionEvent, GapEvent string
	// GapChannels: gap events name the channel.
	GapChannels bool
	// Recovery is how fast the origins of a route are asked for what held streams miss.
	Recovery Pace
	// Counts and SocketMetrics count WebSockets; nil counts nothing.
	Counts        *hold.Metrics
	SocketMetrics *websocket.Metrics
	// Barred, unless nil, are those who may not be held.
	Barred *barred.List
	// Leases are those of streams that expire; nil: New makes a book.
	Leases *lease.Book
	// Elsewhere, unless nil, has the node that holds a stream let it stay (Handler.Renew
	// there), and returns what that says; nothing if no node has it. The error is that
	// not all could be asked.
	Elsewhere func(context.Context, Renewal) (what string, err error)
	// SocketOptions is set on the connections of WebSockets that are held.
	SocketOptions hold.SocketOptions
}

// withDefaults returns o with everything filled in.
func (o Holding) withDefaults() Holding {
	if o.Counts == nil {
		o.Counts = hold.NewMetrics(nil)
	}
	if o.SocketMetrics == nil {
		o.SocketMetrics = websocket.NewMetrics(prometheus.NewRegistry())
	}
	if o.Barred == nil {
		o.Barred = barred.NewList()
	}
	if o.Leases == nil {
		o.Leases = lease.NewBook()
	}
	return o
}

// maxInstruction bounds the body of a JSON instruction, of a response hold and
// of an instructed response that must be decoded, in bytes.
const maxInstruction = 1 << 20

// follow does what the origin's instruction says. It returns when the response
// is complete or the holder has it. A failure is returned only if nothing has
// been written.
func (h *Handler) follow(x *exchange, r *http.Request) *failure {
	in, body, f := h.readInstruction(x)
	if f != nil {
		return f
	}
	found, err := x.route.links(in, x.held.Request, nil)
	if err != nil {
		return &failure{BadInstruction, err}
	}
	x.links = links{next: found.next, gone: or(x.links.gone, found.gone)} // who has gone is the client of the first one
	head := x.headOf(in)
	if head.bodyless() && in.Hold == grip.Stream {
		return &failure{BadInstruction, fmt.Errorf("a response with status %d cannot be held open", head.code)}
	}
	if in.Hold != grip.Response {
		x.body.forget()
	}
	switch {
	case in.Hold == grip.Stream && r.Method != http.MethodHead:
		return h.holdStream(x, r, in, head, body)
	case in.Hold == grip.Response:
		return h.holdResponse(x, r, in, head, body)
	case in.Hold == grip.None && x.links.next != nil && r.Method != http.MethodHead && !head.bodyless():
		return h.sendPages(x, r, in, head, body)
	}
	return h.answer(x, r, head, body)
}

// readInstruction reads the instruction and checks that it can be followed.
// body is what the client gets of the response itself.
func (h *Handler) readInstruction(x *exchange) (*grip.Instruction, *initialBody, *failure) {
	if x.held.Request.Method == http.MethodHead && grip.IsJSON(x.held.Header) {
		// What is not sent cannot be followed, and is no fault of the origin.
		in := &grip.Instruction{Response: &grip.Answer{Code: http.StatusOK, Header: make(http.Header)}}
		return in, &initialBody{x: x, whole: true}, nil
	}
	body := &initialBody{x: x}
	if grip.IsJSON(x.held.Header) || len(contentCodings(x.held.Header)) > 0 {
		if f := body.decode(); f != nil {
			return nil, nil, f
		}
	}
	in, err := grip.Parse(x.held.StatusCode, x.held.Header, body.bytes)
	if err == nil {
		err = h.checkInstruction(x, in)
	}
	h.trace.instruction(in, err)
	if err != nil {
		return nil, nil, failureOf(err, BadInstruction)
	}
	if in.Response != nil {
		body.bytes = in.Response.Body
	}
	return in, body, x.filter(in, body)
}

// checkInstruction refuses what cannot be done as a whole, rather than doing a
// part of it.
func (h *Handler) checkInstruction(x *exchange, in *grip.Instruction) error {
	if in.Hold == grip.None {
		return nil
	}
	if h.holding.Hub == nil {
		return errors.New("holding is not set up")
	}
	if n := len(in.Channels) + len(x.route.Subscribe); n > h.holding.MaxChannels {
		return fmt.Errorf("%d channels, at most %d are allowed (max_channels_per_stream)", n, h.holding.MaxChannels)
	}
	for _, c := range in.Channels {
		if c.Name == "" {
			return channels.CheckName("")
		}
		if err := x.route.checkChannel(x.route.ChannelPrefix + c.Name); err != nil {
			return err
		}
	}
	return nil
}

// checkChannel returns why a client of the route cannot have the channel with this
// whole name.
func (rt *route) checkChannel(name string) error {
	if err := channels.CheckName(name); err != nil {
		return err
	}
	if err := rt.Channels.Check(name); err != nil {
		return &failure{ChannelDenied, err}
	}
	return nil
}

// subscriptions are an instruction's channels and the route's own, as the hub
// knows them.
func (x *exchange) subscriptions(in *grip.Instruction) []channels.Subscription {
	subs := make([]channels.Subscription, len(in.Channels), len(in.Channels)+len(x.route.Subscribe))
	for i, c := range in.Channels {
		subs[i] = channels.Subscription{
			Channel:  x.route.ChannelPrefix + c.Name,
			PrevID:   c.PrevID,
			NoReplay: c.NoReplay,
			MaxAge:   c.ReplayAge,
		}
	}
	for _, name := range x.route.Subscribe {
		subs = append(subs, channels.Subscription{Channel: name})
	}
	return subs
}

// historyPatience bounds the wait for the history of channels that nobody on this
// node follows yet. A bus elects a new leader in 4 to 8 seconds.
const historyPatience = 10 * time.Second

// join waits until the channels can be followed, and returns a context for
// Follow and what must be called after it.
func (h *Handler) join(r *http.Request, subs []channels.Subscription) (ctx context.Context, joined func(), f *failure) {
	ctx, joined, err := h.joinAll(r.Context(), subs)
	switch {
	case err == nil:
		return ctx, joined, nil
	case r.Context().Err() != nil:
		return nil, nil, &failure{ClientGone, err}
	}
	return nil, nil, &failure{HistoryUnavailable, err}
}

// joinAll is join for whoever ctx stands for.
func (h *Handler) joinAll(ctx context.Context, subs []channels.Subscription) (joining context.Context, joined func(), err error) {
	joining, cancel := context.WithTimeout(ctx, historyPatience)
	names := make([]string, len(subs))
	for i := range subs {
		names[i] = subs[i].Channel
	}
	release, err := h.holding.Hub.Await(joining, names...)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return joining, func() { release(); cancel() }, nil
}

// followFailure names the reason of an error of Hub.Follow.
func followFailure(err error) *failure {
	if errors.Is(err, channels.ErrClosed) {
		return &failure{Draining, err}
	}
	return &failure{HistoryUnavailable, err}
}

// admit reserves a place for what in has held, and its share of the quotas, which is
// the exchange's to give back (see apportion).
func (h *Handler) admit(x *exchange, r *http.Request, in *grip.Instruction) *failure {
	if f := h.apportion(x, r, in); f != nil {
		return f
	}
	switch err := h.holding.Holder.Admit(); {
	case errors.Is(err, hold.ErrDraining):
		return &failure{Draining, err}
	case err != nil:
		return &failure{TooManyStreams, err}
	}
	return nil
}
