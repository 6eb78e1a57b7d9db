package proxy

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// followerFor returns what makes the cursor of a channel that an origin of rt has
// asked for on a WebSocket.
func (h *Handler) followerFor(rt *route) func(context.Context, string) (*channels.Cursor, error) {
	return func(ctx context.Context, name string) (*channels.Cursor, error) {
		return h.followChannel(ctx, rt, name)
	}
}

// followChannel makes a cursor that begins with what is published after the origin's
// message has come.
func (h *Handler) followChannel(ctx context.Context, rt *route, name string) (*channels.Cursor, error) {
	live := h.head()
	if err := rt.checkChannel(name); err != nil {
		return nil, fmt.Errorf("%w: %w", websocket.ErrInstruction, err)
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	release, err := h.holding.Hub.Await(ctx, name)
	if err != nil {
		return nil, err
	}
	defer release()
	return h.followMessages(ctx, name, live)
}

// followMessages places a cursor in a channel that has been joined with ctx.
func (h *Handler) followMessages(ctx context.Context, name string, live channels.Position) (*channels.Cursor, error) {
	return h.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: name}},
		Form:          wire.Message,
		Live:          live.Seq,
		Epoch:         live.Epoch,
		Group:         h.holding.Holder.Group(),
	})
}

// implicitChannels follows the route's own channels for a WebSocket. As on streams,
// they begin with what is published after the head of the origin's answer.
func (h *Handler) implicitChannels(x *exchange, r *http.Request) ([]websocket.Implicit, *failure) {
	own := x.implicit()
	if own.Hold == grip.None || len(x.route.Subscribe) == 0 {
		return nil, nil
	}
	if err := h.checkInstruction(x, own); err != nil {
		return nil, &failure{BadInstruction, err}
	}
	ctx, joined, f := h.join(r, x.subscriptions(own))
	if f != nil {
		return nil, f
	}
	defer joined()
	var found []websocket.Implicit
	for i, name := range x.route.Subscribe {
		if slices.Contains(x.route.Subscribe[:i], name) {
			continue
		}
		cursor, err := h.followMessages(ctx, name, x.at)
		if err != nil {
			leaveChannels(found)
			return nil, followFailure(err)
		}
		found = append(found, websocket.Implicit{Channel: name, Cursor: cursor})
	}
	return found, nil
}

// socketShare is a share as a WebSocket uses it. It implements websocket.Quota.
type socketShare struct{ share *share }

// Join implements websocket.Quota.
func (s socketShare) Join(channel string) error {
	if f := s.share.join(channel); f != nil {
		return f
	}
	return nil
}

// Leave implements websocket.Quota.
func (s socketShare) Leave(channel string) { s.share.leave(channel) }

// Note implements websocket.Quota.
func (s socketShare) Note(meta, value string) error {
	if f := s.share.note(meta, value); f != nil {
		return f
	}
	return nil
}

// leaveChannels undoes implicitChannels for a WebSocket that does not come about.
func leaveChannels(found []websocket.Implicit) {
	for _, c := range found {
		c.Cursor.Close()
	}
}
