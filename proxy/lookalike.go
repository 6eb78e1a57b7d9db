package proxy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// dropLookalikes takes out of a client's request what an origin behind CGI, FastCGI or
// WSGI could take for what we say: there X_Forwarded_For and X-Forwarded-For are one
// variable (RFC 3875 §4.1.18). Other fields with underscores pass.
func (rt *route) dropLookalikes(h http.Header) {
	for name := range h {
		if !strings.Contains(name, "_") {
			continue
		}
		if meant := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-")); rt.ownsField(meant) {
			delete(h, name)
		}
	}
}

// ownsField reports whether the origin is to have a field, by its canonical name, from
// us or not at all.
func (rt *route) ownsField(name string) bool {
	return strings.HasPrefix(name, "X-Forwarded-") || grip.IsField(name) ||
		slices.ContainsFunc(rt.Request.names(), func(own string) bool { return http.CanonicalHeaderKey(own) == name })
}
