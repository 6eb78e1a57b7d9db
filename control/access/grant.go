package access

import (
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/channels"
)

// Grant is what the bearers of one token, or of several, may do. It is not changed
// once it is made, and may be used from any goroutine.
type Grant struct {
	name    string
	rights  Rights
	only    channels.Patterns // no bound without any
	limiter *rate.Limiter     // nil: no limit. It guards itself
}

// Terms are what a Grant is made of.
type Terms struct {
	// Name is how the log calls the bearer.
	Name string
	// Rights are what the token is good for.
	Rights Rights
	// Channels, if there are any, are the only ones that it is good for.
	Channels channels.Patterns
	// PerSecond is how many items may be published in a second; 0: any number.
	// All bearers and all connections share it.
	PerSecond int
	// Burst is how many may come at once after a pause; 0: PerSecond.
	Burst int
}

// NewGrant returns a grant.
func NewGrant(t Terms) *Grant {
	g := &Grant{name: t.Name, rights: t.Rights, only: t.Channels}
	if t.PerSecond > 0 {
		burst := t.Burst
		if burst == 0 {
			burst = t.PerSecond
		}
		g.limiter = rate.NewLimiter(rate.Limit(t.PerSecond), burst)
	}
	return g
}

// same reports whether as is on the same terms.
func (g *Grant) same(as *Grant) bool {
	if g.name != as.name || g.rights != as.rights || !slices.Equal(g.only, as.only) {
		return false
	}
	if g.limiter == nil || as.limiter == nil {
		return g.limiter == as.limiter
	}
	return g.limiter.Limit() == as.limiter.Limit() && g.limiter.Burst() == as.limiter.Burst()
}

// Everything returns a grant without any bound.
func Everything(name string) *Grant { return NewGrant(Terms{Name: name, Rights: All}) }

// Only returns the channels that the grant is bound to; none: it is not.
func (g *Grant) Only() channels.Patterns { return g.only }

// Allow reports why a right is not given, by a *Refused.
func (g *Grant) Allow(needed Rights) error {
	if g.rights.Has(needed) {
		return nil
	}
	return &Refused{
		Reason: MissingRight, Name: g.name, Needs: needed,
		Message: fmt.Sprintf("The token does not have the right to do this: %v.", needed),
	}
}

// Channel reports why the grant is not for a channel, by a *Refused.
func (g *Grant) Channel(name string) error {
	if g.only.Match(name) {
		return nil
	}
	return &Refused{
		Reason: OtherChannel, Name: g.name,
		Message: fmt.Sprintf("The token is not for channel %q.", name),
	}
}

// EveryChannel reports why the grant is not for all channels, by a *Refused.
func (g *Grant) EveryChannel() error {
	if g.only.All() {
		return nil
	}
	return &Refused{
		Reason: OtherChannel, Name: g.name,
		Message: "The token is for some channels only, and this is about all.",
	}
}

// Take reports why so many items cannot be published now, by a *Refused. If there
// is no reason, they count against the rate.
func (g *Grant) Take(items int) error {
	if g.limiter == nil {
		return nil
	}
	now := time.Now()
	if g.limiter.AllowN(now, items) {
		return nil
	}
	perSecond, burst := g.limiter.Limit(), g.limiter.Burst()
	if items > burst {
		return &Refused{
			Reason: TooManyItems, Name: g.name,
			Message: fmt.Sprintf("The request has %d items, and the token may publish %d at once: send it in parts.", items, burst),
		}
	}
	missing := float64(items) - g.limiter.TokensAt(now)
	wait := time.Duration(math.Ceil(missing / float64(perSecond) * float64(time.Second)))
	return &Refused{
		Reason: TooFast, Name: g.name, Wait: max(wait, time.Nanosecond),
		Message: fmt.Sprintf("The token may publish %d items a second: try again later.", int(perSecond)),
	}
}
