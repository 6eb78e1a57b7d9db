package cors

import (
	"net/http"
	"strings"
)

// Foreign reports whether r carries what a browser adds by itself, and comes from
// a page that is neither on scheme://host, where r was sent to, nor of one of the
// sites. Programs that are no browsers send neither Origin nor Sec-Fetch-Site and
// are never foreign: nobody can make them send what they do not mean to.
//
// A link to here, and what a person types, are requests of the person's (Fetch:
// the mode navigate); they name no origin unless they send a form.
func (s *Sites) Foreign(r *http.Request, scheme, host string) bool {
	if !hasAmbient(r.Header) {
		return false
	}
	fetchSite := r.Header.Get("Sec-Fetch-Site")
	origins := r.Header["Origin"]
	switch {
	case fetchSite == "same-origin" || fetchSite == "none":
		return false // said by the browser: pages cannot set Sec- fields
	case len(origins) == 0:
		return fetchSite == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate"
	}
	origin := originOf(r.Header)
	return !s.Has(origin) && (fetchSite != "" || !sameOrigin(origin, scheme, host))
}

// hasAmbient reports whether h has credentials that browsers add without the
// page's doing: cookies, and what they have asked the user for (RFC 7617, 7616,
// 4559). A bearer token is the page's own.
func hasAmbient(h http.Header) bool {
	if len(h["Cookie"]) > 0 {
		return true
	}
	kind, _, _ := strings.Cut(h.Get("Authorization"), " ")
	switch strings.ToLower(kind) {
	case "basic", "digest", "negotiate", "ntlm":
		return true
	}
	return false
}

// sameOrigin is for browsers that do not say themselves whether it is the same.
// TLS may end in front of us unsaid, so a page over https is at home on http as
// well; the other way round somebody on the wire may have written the page.
func sameOrigin(origin, scheme, host string) bool {
	theirs, rest, found := strings.Cut(origin, "://")
	if !found || theirs != scheme && !(theirs == "https" && scheme == "http") {
		return false
	}
	return withoutPort(rest, theirs) == withoutPort(strings.ToLower(host), theirs)
}

// withoutPort takes the default port of the scheme away.
func withoutPort(host, scheme string) string {
	if scheme == "http" || scheme == "https" {
		host = strings.TrimSuffix(host, defaultPort(scheme))
	}
	return host
}
