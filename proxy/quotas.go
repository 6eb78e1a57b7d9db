package proxy

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/quota"
)

// Quotas bound what may be held at once of what clients share: streams, long polls,
// WebSockets and, by address, tunnels. 0: any number.
type Quotas struct {
	// PerAddress is for one client's address, of IPv6 for a /64.
	PerAddress int
	// PerUser is for one user, by the word of the origin.
	PerUser int
	// PerChannel is for one channel.
	PerChannel int
}

// quotas are Quotas at work. Nil counts have no limit.
type quotas struct {
	addresses *quota.Counts[netip.Addr]
	users     *quota.Counts[string]
	channels  *quota.Counts[string]
}

// quotasFor returns what counts for q in the handler that takes the place of h, which may
// be nil; nil if there are none. What h has counted counts for the new limits. What is
// held already is not counted where there was no limit.
func (h *Handler) quotasFor(q Quotas) *quotas {
	if q == (Quotas{}) {
		return nil
	}
	var before quotas
	if h != nil && h.quotas != nil {
		before = *h.quotas
	}
	return &quotas{before.addresses.Limited(q.PerAddress), before.users.Limited(q.PerUser), before.channels.Limited(q.PerChannel)}
}

// crowded refuses what will be held, if anything, before the origin is asked: at
// this address there is no place for it. Whether there is one in the end is decided by
// apportion. What a challenge is answered for has its place.
func (h *Handler) crowded(r *http.Request) *failure {
	if h.quotas == nil || !wantsEvents(r) && !asksSocket(r) {
		return nil
	}
	address := quota.Client(h.trusted.clientAddr(r))
	if !h.quotas.addresses.Full(address) {
		return nil
	}
	return tooManyOfAddress(address)
}

// apportion gives the exchange its share of the quotas, for a response that in has
// held. The exchange gives it back, unless somebody takes it along. A long poll whose
// origin was asked again keeps the share that it has.
func (h *Handler) apportion(x *exchange, r *http.Request, in *grip.Instruction) *failure {
	if h.quotas == nil {
		return nil
	}
	if x.share != nil {
		x.share.follow(x.route, in)
		return nil
	}
	s := &share{of: h.quotas}
	x.share = s
	if f := s.locate(h.trusted.clientAddr(r)); f != nil {
		return f
	}
	if f := s.become(userOf(h.clientOf(x, r, in).Who)); f != nil {
		return f
	}
	return x.partake(in)
}

// partake counts the exchange for the channels of in as well.
func (x *exchange) partake(in *grip.Instruction) *failure {
	if x.share == nil {
		return nil
	}
	return x.share.join(x.followed(in)...)
}

// implicit is what an origin's answer says that has no instruction of its own but is
// held: that it follows the route's channels. A proxy in front follows what it follows by
// itself.
func (x *exchange) implicit() *grip.Instruction {
	if x.chained {
		return &grip.Instruction{}
	}
	return &grip.Instruction{Hold: grip.Stream}
}

// followed are the channels that in has a response follow, each once.
func (x *exchange) followed(in *grip.Instruction) []string {
	if in.Hold == grip.None {
		return nil
	}
	var names []string
	for _, sub := range x.subscriptions(in) {
		names = append(names, sub.Channel)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func tooManyOfAddress(a netip.Addr) *failure {
	return &failure{TooManyOfAddress, fmt.Errorf("%s has as many as it may have (limits.streams_per_address)", a)}
}
