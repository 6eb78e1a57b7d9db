package proxy

import (
	"fmt"
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/cors"
)

// CORS says which pages of other sites may read a route's answers, and what they
// may send. Its zero value leaves all of that to the origin.
type CORS = cors.Options

// crossSite is what a route says about pages of other sites.
type crossSite struct {
	policy *cors.Policy // nil: CORS is the origin's business
	check  bool         // refuse what foreign pages send with the user's credentials
	sites  *cors.Sites  // whose pages are not foreign
}

// compileCrossSite reads the settings. The error names what is wrong with them.
func (r *Route) compileCrossSite() (crossSite, error) {
	c := crossSite{check: r.CheckOrigin, sites: &cors.Sites{}}
	if len(r.CORS.Origins) == 0 {
		return c, nil
	}
	var err error
	if c.policy, err = cors.NewPolicy(r.CORS); err == nil {
		c.sites = c.policy.Sites()
	}
	return c, err
}

// answerForeign answers what is not the origin's to answer: preflights, and what
// pages of other sites send in the user's name. It returns false for all others.
func (h *Handler) answerForeign(x *exchange, r *http.Request) bool {
	c, origin := &x.route.crossSite, r.Header.Get("Origin")
	switch {
	case c.policy != nil && cors.IsPreflight(r):
		if !c.policy.Preflight(r.Header, x.w.Header()) {
			h.refuse(x, r, &failure{PreflightRefused, fmt.Errorf("page of %q", origin)})
			return true
		}
		x.outcome = preflight
		x.w.WriteHeader(http.StatusNoContent)
		return true
	case c.check && h.trusted.foreign(r, c.sites):
		h.refuse(x, r, &failure{ForeignOrigin, fmt.Errorf("page of %q", origin)})
		return true
	}
	return false
}

// foreign reports whether a page that is neither one of sites nor at home where
// the client sent r has made a browser send it with the user's credentials.
func (t trustedPeers) foreign(r *http.Request, sites *cors.Sites) bool {
	scheme, host := "http", r.Host
	if isSecure(t.schemeOf(r)) {
		scheme = "https"
	}
	if t.has(peerAddr(r)) {
		host = or(r.Header.Get("X-Forwarded-Host"), host)
	}
	return sites.Foreign(r, scheme, host)
}
