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
		if rt.ownsField(meantBy(name)) {
			delete(h, name)
		}
	}
}

// ownsField reports whether the origin is to have a field, by its canonical name, from
// us or not at all.
func (rt *route) ownsField(name string) bool {
	return strings.HasPrefix(name, "X-Forwarded-") || grip.IsField(name) || hasName(rt.Request.names(), name)
}

// meantBy is the canonical name of the field that servers behind CGI and its like may
// take a field for.
func meantBy(name string) string {
	return http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
}

// hasName reports whether one of names is that of the field with a canonical name.
func hasName(names []string, canonical string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return http.CanonicalHeaderKey(n) == canonical })
}
