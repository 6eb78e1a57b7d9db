package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// corsMethods are allowed where the browser does not ask for one.
const corsMethods = "OPTIONS, HEAD, GET, POST, PUT, DELETE"

// corsMaxAge is how long a browser may remember that, in seconds.
const corsMaxAge = "3600"

// crossOrigin is the header of a request that a page of another site may have
// sent.
type crossOrigin http.Header

// allow lets that page read the answer with header h, as far as h does not say
// itself who may (Pushpin's auto-cross-origin; Fetch §3.2). Where h names a site,
// or all, but not credentials, it is without them: what is for everybody, or for a
// page without the user's cookies, is not for that page with them. It is called
// when everything else in h stands.
func (c crossOrigin) allow(h http.Header) {
	request := http.Header(c)
	add := func(name, value string) {
		if name = "Access-Control-" + name; value != "" && h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	if h.Get("Access-Control-Allow-Origin") == "" {
		if !slices.Contains(h["Vary"], "Origin") {
			h.Add("Vary", "Origin")
		}
		add("Allow-Credentials", "true")
	}
	add("Allow-Methods", or(request.Get("Access-Control-Request-Method"), corsMethods))
	add("Allow-Headers", strings.Join(request["Access-Control-Request-Headers"], ", "))
	add("Expose-Headers", strings.Join(exposable(h), ", "))
	add("Allow-Origin", or(request.Get("Origin"), "*"))
	add("Max-Age", corsMaxAge)
}

// exposable are the names of the fields that pages see only if told so.
func exposable(h http.Header) []string {
	var names []string
	for name, values := range h {
		switch name {
		case "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma":
			continue // safelisted (Fetch §2.2.2)
		case "Connection", "Set-Cookie", "Trailer", "Transfer-Encoding", "Vary", "Via":
			continue // not for pages
		}
		if len(values) > 0 && !strings.HasPrefix(name, "Access-Control-") && !strings.HasPrefix(name, http.TrailerPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
