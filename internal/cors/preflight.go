package cors

import (
	"net/http"
	"strings"
)

// IsPreflight reports whether a browser asks by r whether a page may send a
// request (Fetch §3.2.2).
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header[requestMethod]) > 0
}

// Preflight makes h the head of the answer to a preflight with the header given,
// and reports whether the page is one of the sites; if not, h is as it was. What
// such a page may send is told, and not compared with what it asks for: the
// browser does that, and tells the page's author what is missing.
//
// A page of the public network that asks for a server on a private one (Private
// Network Access) is let in if its site is named. That everybody may read does
// not say that everybody may reach what only this browser can.
func (p *Policy) Preflight(request, h http.Header) bool {
	origin := originOf(request)
	if !p.sites.Has(origin) {
		return false
	}
	if p.open {
		h.Set(allowOrigin, Everybody)
	} else {
		h.Set(allowOrigin, origin)
	}
	set(h, allowCredentials, p.credentials)
	set(h, allowMethods, p.methods.answer(request[requestMethod]))
	set(h, allowHeaders, p.headers.answer(request[requestHeaders]))
	if request.Get(requestNetwork) == "true" && p.sites.Names(origin) {
		h.Set(allowNetwork, "true")
	}
	h.Set(maxAge, p.maxAge)
	h.Set("Vary", strings.Join([]string{"Origin", requestMethod, requestHeaders, requestNetwork}, ", "))
	return true
}

// set sets a field that has a value.
func set(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}
