package proxy

import (
	"errors"
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/barred"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

var errBarred = errors.New("the client is barred")

// turnAway refuses a client that may not be held on these channels.
func (h *Handler) turnAway(x *exchange, r *http.Request, in *grip.Instruction, subs []channels.Subscription) *failure {
	if h.holding.Barred.Empty() {
		return nil
	}
	return h.turnAwayFrom(x.route, h.clientOf(x, r, in).Who, namesOf(subs))
}

// turnAwayFrom refuses who may not be held on channels with these names.
func (h *Handler) turnAwayFrom(rt *route, who *hold.Who, names []string) *failure {
	if h.holding.Barred.Bars(described(who, rt.Name, names)) {
		return &failure{Revoked, errBarred}
	}
	return nil
}

// described is who for a rule.
func described(who *hold.Who, route string, names []string) *barred.Client {
	c := &barred.Client{Route: route, Channels: names}
	if who != nil {
		c.User, c.TokenID, c.Meta = who.User, who.TokenID, who.Meta
	}
	return c
}

// Recheck asks the clients whom rule means for new credentials, if they can be asked,
// and returns how many these are. Where they are not given the stream ends. It asks
// all that share the Leases of Holding.
func (h *Handler) Recheck(rule *barred.Rule) (asked int) {
	for _, l := range h.holding.Leases.All() {
		t := l.Tenant().(*tenure)
		if t.canAsk() && rule.Means(t.described()) && l.Hurry() {
			asked++
		}
	}
	return asked
}

// described is the stream's client for a rule.
func (t *tenure) described() *barred.Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	return described(t.who, t.route.Name, t.names)
}
