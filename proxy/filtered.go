package proxy

import (
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// filter sets up the filters that the instruction names, and applies them to the
// body of the response itself.
func (x *exchange) filter(in *grip.Instruction, body *initialBody) *failure {
	x.filters = filter.New(in, x.route.filters)
	if !x.filters.BuildsIDs() {
		return nil
	}
	own, f := body.readAll()
	if f != nil {
		return f
	}
	built, err := x.filters.Initial(own)
	if err != nil {
		return &failure{BadInstruction, err}
	}
	body.bytes = built
	return nil
}

// ownNames are the names that the route's own channels have for its origins.
func (rt *route) ownNames() []string {
	names := make([]string, len(rt.Subscribe))
	for i, name := range rt.Subscribe {
		names[i] = rt.nameForOrigin(name)
	}
	return names
}

// nameForOrigin is the name that a channel has for the route's origins. One that is
// none of theirs has its whole name.
func (rt *route) nameForOrigin(channel string) string {
	return strings.TrimPrefix(channel, rt.ChannelPrefix)
}

// readBuiltID makes of an id that build-id has built what it stands for: the last
// item of each channel. A channel of which it tells nothing is left to the id as it
// stands, which nobody knows: a gap.
func (x *exchange) readBuiltID(from channels.Resume, subs []channels.Subscription) channels.Resume {
	if _, isPosition := channels.ParsePosition(from.ID); isPosition || from.Lenient {
		return from
	}
	last, ok := x.filters.Seen(from.ID)
	if !ok {
		return from
	}
	for i := range subs {
		subs[i].PrevID = last[i]
	}
	if slices.Contains(last, "") {
		return from
	}
	return channels.Resume{}
}

// suits reports whether a published response is for the content filters that the
// request has. Others do not get it.
func (x *exchange) suits(e *channels.Entry) bool {
	ok := x.filters.SuitsResponse(e)
	if !ok && x.filters == nil {
		x.route.filters.Mismatched()
	}
	return ok
}

// rewrite applies the content filters to a published response that suits. It reports
// false if they cannot be.
func (x *exchange) rewrite(e *channels.Entry, a *grip.Answer) (ok bool) {
	a.Body, ok = x.filters.RewriteResponse(e, a.Body)
	return ok
}
