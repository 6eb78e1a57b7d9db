package holdtest

import (
	"slices"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

var revokedCases = []one{
	{name: "what is laid out already is not sent to a client that is revoked", setup: revokedAtGap, run: func(t *testing.T, r *rig) {
		r.publish(t, "a", "data: 0\n\n")
		c := r.hold(t, "channel", "a", "last", "nobody-knows")
		c.want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
		if rest := c.rest(t); len(rest) != len("1234\n\n") {
			t.Errorf("then %q", rest)
		}
		c.close()
		r.wantEnd(t, hold.ReasonRevoked)
	}},
	{name: "who is known by what he follows gets nothing before he is known", setup: withMailbox, run: func(t *testing.T, r *rig) {
		r.options.Registry.SetGuard(func(h *hold.Held) {
			newcomer := *h
			newcomer.Describe(func(f hold.Facts) {
				if slices.Contains(f.Channels, "a") {
					newcomer.End(hold.ReasonRevoked)
				}
			})
			r.publish(t, "a", "data: after the revocation\n\n")
		})
		r.hold(t, "channel", "a").want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
	}},
	{name: "who is named anew is looked at again", setup: withMailbox, run: func(t *testing.T, r *rig) {
		r.options.Registry.SetGuard(func(h *hold.Held) {
			if h.Who != nil && h.Who.User == "mallory" {
				h.End(hold.ReasonRevoked)
			}
		})
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.stream.Mailbox.Rename(&hold.Who{User: "mallory"})
		c.want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
	}},
}

// revokedAtGap has the rig's stream begin with a gap, and be revoked while it is being
// told of that: after it was looked at why it should end, and before anything is written.
func revokedAtGap(r *rig) {
	withMailbox(r)
	r.stream.GapEvent = func(dst []byte, g *channels.Gap) []byte {
		page, _ := r.options.Registry.Held(0, 1, func(*hold.Held) bool { return true })
		for i := range page {
			page[i].End(hold.ReasonRevoked)
		}
		return gapEvent(dst, g)
	}
}
