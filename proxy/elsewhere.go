package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// Renewal is what a node tells another of which it does not know where it is: the judge's
// word on a stream that one of them holds. The client's credentials are not in it.
type Renewal struct {
	// Digest is that of the challenge's secret (lease.Digest).
	Digest string `json:"digest"`
	// Route is the name of the stream's route.
	Route string `json:"route"`
	// Terms are this package's: what the stream may be from now on.
	Terms json.RawMessage `json:"terms"`
}

// terms are a verdict on its way.
type terms struct {
	Channels []grip.Channel    `json:"channels"`
	Meta     map[string]string `json:"meta,omitempty"`
	Expires  time.Duration     `json:"expires,omitempty"`
	TokenID  string            `json:"token_id,omitempty"`
	At       string            `json:"at"` // a position
}

// renewElsewhere has the node that holds the stream of t let it stay.
func (h *Handler) renewElsewhere(ctx context.Context, t *tenure, v *verdict) (renewal, error) {
	sent := terms{Channels: v.in.Channels, Meta: v.in.Meta, Expires: v.in.Expires, At: v.at.String()}
	if v.who != nil {
		sent.TokenID = v.who.TokenID
	}
	text, err := json.Marshal(sent)
	if err != nil {
		panic(err) // strings and numbers
	}
	said, err := h.holding.Elsewhere(ctx, Renewal{t.elsewhere, t.route.Name, text})
	switch what := renewal(said); {
	case err != nil:
		return unknown, &failure{HistoryUnavailable, fmt.Errorf("other nodes: %w", err)}
	case what == renewed, what == reopened:
		return what, nil
	case what == refusal:
		return refusal, errors.New("the node that holds it refuses")
	case what == late:
		return late, errTooLate
	}
	return unknown, errUnknownChallenge
}

// Renew lets a stream stay that this node holds, as another node's judge says, and
// returns what became of it; nothing if the stream is not here. It may wait for the
// history of channels.
func (h *Handler) Renew(ctx context.Context, r Renewal) (what string) {
	t := h.tenureWith(r.Digest, r.Route)
	if t == nil {
		return ""
	}
	v, err := h.verdictOf(t, r.Terms)
	if err != nil {
		return string(refusal)
	}
	v.digest = r.Digest
	result, err := h.grant(ctx, t, v)
	if errors.As(err, new(*failure)) {
		return string(refusal)
	}
	return string(result)
}

// verdictOf reads terms. New channels begin where they say, if that is a place in the
// order of this node, and otherwise now.
func (h *Handler) verdictOf(t *tenure, text []byte) (*verdict, error) {
	var got terms
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, err
	}
	in := &grip.Instruction{Hold: grip.Stream, Channels: got.Channels, Meta: got.Meta, Expires: got.Expires}
	if err := h.checkInstruction(&exchange{route: t.route}, in); err != nil {
		return nil, err
	}
	v := &verdict{in: in, who: hold.WhoHas(in.Meta), filters: filter.New(in, t.route.filters), at: h.head()}
	if got.TokenID != "" {
		v.who = withToken(v.who, got.TokenID)
	}
	if at, ok := channels.ParsePosition(got.At); ok && at.Epoch == v.at.Epoch && at.Seq < v.at.Seq {
		v.at = at
	}
	return v, nil
}
