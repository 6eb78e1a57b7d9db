package proxy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// verdict is what the judge of a challenge has said: an instruction to hold a stream
// for a client.
type verdict struct {
	route   *route // as it is now; the stream's own may be from before a reload
	in      *grip.Instruction
	who     *hold.Who // nil: nothing is known
	filters *filter.Set
	at      channels.Position // noted when it was said: where new channels begin
	until   time.Time         // when what it allows is over; the zero Time: never
	digest  string            // of the secret for which it was given
}

var (
	errAnotherUser = errors.New("it is another user's")
	errStreamEnded = errors.New("the stream has ended, or was asked again meanwhile")
)

// grant lets the stream of t, which is held here, stay as v says. It returns what became
// of that, and why if not what was hoped for: a *failure is one of ours.
func (h *Handler) grant(ctx context.Context, t *tenure, v *verdict) (renewal, error) {
	t.judging.Lock()
	defer t.judging.Unlock()
	switch {
	case !t.lease.Has(v.digest): // used by somebody else since it was found
		return unknown, errUnknownChallenge
	case userOf(v.who) != t.user:
		return refusal, errAnotherUser
	}
	subs := (&exchange{route: v.route}).subscriptions(v.in)
	if h.turnAwayFrom(t.route, v.who, namesOf(subs)) != nil {
		return refusal, errBarred
	}
	stays := t.stays(subs, v.filters)
	if !stays && (t.linked || v.filters.Rewrites() != t.rewrites) {
		t.mailbox.End(hold.ReasonOperator)
		return reopened, nil
	}
	who := t.known(v.who)
	var to *hold.Move
	if !stays {
		var err error
		if to, err = h.moveTo(ctx, t, v, who, subs); err != nil {
			return refusal, &failure{HistoryUnavailable, err}
		}
	}
	if t.lease.Extend(v.digest, v.until, func() { t.become(v, who, subs, to) }) {
		return renewed, nil
	}
	if to != nil {
		to.Dropped()
	}
	return late, errStreamEnded
}

// become makes the stream what v says, whose channels are subs. to is nil if it keeps
// what it has. It is called when the lease is extended: of a verdict that comes too late,
// perhaps because its channels had to be waited for, nothing is done. It does not block.
func (t *tenure) become(v *verdict, who *hold.Who, subs []channels.Subscription, to *hold.Move) {
	if to != nil {
		t.goesOn(namesOf(subs), v.filters)
		t.share.follow(v.route, v.in)
		t.mailbox.Move(*to)
	}
	t.is(who)
	t.mailbox.Rename(who)
	t.confirm(v.in.Expires)
}

func userOf(who *hold.Who) string {
	if who == nil {
		return ""
	}
	return who.User
}

// moveTo is what has the stream go on with other channels, which are joined until then. On
// those that it has it goes on where it stands; the others begin where the verdict was
// said.
func (h *Handler) moveTo(ctx context.Context, t *tenure, v *verdict, who *hold.Who, subs []channels.Subscription) (*hold.Move, error) {
	had := t.channels()
	for i := range subs {
		if slices.Contains(had, subs[i].Channel) {
			subs[i].Held, subs[i].Continues, subs[i].PrevID = true, true, ""
		}
	}
	follow := channels.Follow{Subscriptions: subs, Form: t.form, Live: v.at.Seq, Epoch: v.at.Epoch, Group: h.holding.Holder.Group()}
	joined, err := h.ready(context.WithoutCancel(ctx), follow)
	if err != nil {
		return nil, err
	}
	return &hold.Move{
		Follow: func(last *channels.Cursor) (*channels.Cursor, error) {
			defer joined()
			if h.turnAwayFrom(t.route, who, namesOf(subs)) != nil { // since the judge was asked
				t.mailbox.End(hold.ReasonRevoked)
			}
			follow.Prompt, follow.Continued = true, &channels.Continued{Place: last.Place(), Cursor: last}
			return h.holding.Hub.Follow(context.Background(), follow)
		},
		Filters: v.filters,
		Dropped: joined,
	}, nil
}

// ready waits until f can be followed without waiting, which lasts until joined is
// called: the stream moves in a moment, and whoever moves it must not wait for a bus.
func (h *Handler) ready(ctx context.Context, f channels.Follow) (joined func(), err error) {
	ctx, joined, err = h.joinAll(ctx, f.Subscriptions)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(f.Subscriptions, func(s channels.Subscription) bool { return s.PrevID != "" }) {
		cursor, err := h.holding.Hub.Follow(ctx, f) // which asks the bus for items that are not known
		if err != nil {
			joined()
			return nil, err
		}
		cursor.Close()
	}
	return joined, nil
}
