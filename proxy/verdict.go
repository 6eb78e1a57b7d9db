package proxy

import (
	"context"
	"errors"
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// verdict is what the judge of a challenge has said: an instruction to hold a stream
// for a client.
type verdict struct {
	digest  string // of the secret that the client has shown
	in      *grip.Instruction
	who     *hold.Who // nil: nothing is known
	filters *filter.Set
	at      channels.Position // noted when it was said: where new channels begin
}

var (
	errAnotherUser = errors.New("it is another user's")
	// errTooLate: another answer has used the secret since the judge was asked, the operator
	// wants newer credentials, or the stream has ended.
	errTooLate = errors.New("the challenge is over")
)

// grant lets the stream of t, which is held here, stay as v says. It returns what became
// of that, and why if not what was hoped for: a *failure is one of ours.
func (h *Handler) grant(ctx context.Context, t *tenure, v *verdict) (renewal, error) {
	t.judging.Lock()
	defer t.judging.Unlock()
	if !t.lease.Takes(v.digest) { // any more
		return late, errTooLate
	}
	if userOf(v.who) != t.user {
		return refusal, errAnotherUser
	}
	subs := (&exchange{route: t.route}).subscriptions(v.in)
	if h.turnAwayFrom(t.route, v.who, namesOf(subs)) != nil {
		return refusal, errBarred
	}
	stays := t.follows(subs) && v.filters == nil && t.filters == nil
	if !stays && (t.linked || v.filters.Rewrites() != t.rewrites) {
		t.mailbox.End(hold.ReasonOperator)
		return reopened, nil
	}
	who := t.known(v.who)
	if !stays {
		if err := h.move(ctx, t, v, who, subs); err != nil {
			return refusal, &failure{HistoryUnavailable, err}
		}
		t.share.follow(t.route, v.in)
	}
	t.is(who, subs)
	t.mailbox.Rename(who)
	if t.events { // before the next challenge, which may come at once
		t.mailbox.Say(sse.AppendEvent(nil, sse.Event{Name: reauthorizedEvent, Data: `{"expires_in":` + expiresIn(v.in.Expires) + `}`}))
	}
	if !t.lease.Extend(v.digest, momentAfter(v.in.Expires)) {
		return late, errTooLate
	}
	return renewed, nil
}

func userOf(who *hold.Who) string {
	if who == nil {
		return ""
	}
	return who.User
}

// move has the stream go on with other channels. On those that it has it goes on
// where it stands; the others begin where the verdict was said.
func (h *Handler) move(ctx context.Context, t *tenure, v *verdict, who *hold.Who, subs []channels.Subscription) error {
	had := t.channels()
	for i := range subs {
		if slices.Contains(had, subs[i].Channel) {
			subs[i].Held, subs[i].Continues, subs[i].PrevID = true, true, ""
		}
	}
	// The stream moves in a moment, and the channels must be ready until then.
	_, joined, err := h.joinAll(context.WithoutCancel(ctx), subs)
	if err != nil {
		return err
	}
	t.filters = v.filters
	t.mailbox.Move(hold.Move{
		Follow: func(last *channels.Cursor) (*channels.Cursor, error) {
			defer joined()
			if h.turnAwayFrom(t.route, who, namesOf(subs)) != nil { // since the judge was asked
				t.mailbox.End(hold.ReasonRevoked)
			}
			return h.holding.Hub.Follow(context.Background(), channels.Follow{
				Subscriptions: subs,
				Form:          t.form,
				Live:          v.at.Seq,
				Group:         h.holding.Holder.Group(),
				Continued:     &channels.Continued{Place: last.Place(), Cursor: last},
			})
		},
		Filters: v.filters,
		Dropped: joined,
	})
	return nil
}
