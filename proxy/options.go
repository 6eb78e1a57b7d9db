package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"go.uber.org/zap"
)

// Signer makes the value of Grip-Sig for a request that goes out at now.
type Signer interface {
	Header(now time.Time) (string, error)
}

// Options is what a Handler needs. The caller may not change what it points
// to after New.
type Options struct {
	// Routes need not be sorted. At least one.
	Routes []Route
	// TrustedProxies are the networks whose X-Forwarded-* fields are believed.
	TrustedProxies []netip.Prefix
	// Signer signs requests to origins. Nil: Grip-Sig is not sent.
	Signer Signer
	// Upstream knows the GRIP proxies in front of this one, by their signatures.
	// What origins instruct is left to these. Nil: there are none.
	Upstream Verifier
	// Feature is the value of Grip-Feature. Empty: not sent.
	Feature string
	// Head tells the place of the last entry published (channels.Hub.Head).
	Head func() channels.Position
	// Asking, unless nil, is called before an origin is asked: soon somebody
	// will want to know Head. It must return at once.
	Asking func()
	// Holding is what it takes to hold responses. Without its Hub every
	// instruction to hold is refused.
	Holding Holding
	// Limits hold back what comes too fast.
	Limits Limits
	// Quotas bound what one client, user or channel has of what is held.
	Quotas Quotas
	// Bodies bound the bodies of requests.
	Bodies Bodies
	// OriginTLS is how to talk to https origins. Nil: Go's defaults.
	OriginTLS *tls.Config
	// Metrics counts; nil counts nothing.
	Metrics *Metrics
	// Trace, unless nil, watches all requests.
	Trace *Trace
	// Log is never nil.
	Log *zap.Logger
}

// compile fills in what the routes leave out. All that is wrong with them is in the
// error.
func (o *Options) compile() ([]*route, error) {
	if len(o.Routes) == 0 {
		return nil, errors.New("no routes")
	}
	var routes []*route
	var errs []error
	for _, r := range o.Routes {
		r = r.withDefaults()
		if err := r.validate(); err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", r.Name, err))
		}
		pages, err := r.compileCrossSite()
		if err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", r.Name, err))
		}
		routes = append(routes, &route{Route: r, crossSite: pages})
	}
	markHearers(routes)
	return routes, errors.Join(errs...)
}
