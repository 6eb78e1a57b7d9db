package proxy

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"golang.org/x/net/http/httpguts"
)

// inHeadsOnly are fields that a trailer may not have (RFC 9110 §6.5.1), beside those
// that httpguts knows: who merges a trailer into the head would be routed, signed in
// or told what to do with the answer by them.
var inHeadsOnly = map[string]bool{
	"Age": true, "Cookie": true, "Date": true, "Expires": true, "Forwarded": true, "Location": true, "Origin": true,
	"Retry-After": true, "Set-Cookie": true, "Upgrade": true, "Vary": true, "Via": true, "Warning": true,
}

// passesToOrigin reports whether the origin may be told a field of a client's trailer.
func (rt *route) passesToOrigin(name string) bool {
	meant := meantBy(name)
	return trails(meant) && !rt.ownsField(meant)
}

// passesToClient reports whether a client may be told a field of an origin's trailer.
func (rt *route) passesToClient(name string) bool {
	return trails(name) && !hasName(rt.Response.names(), name)
}

// trails reports whether a field, by its canonical name, may be in a trailer at all.
func trails(name string) bool {
	return httpguts.ValidTrailerHeader(name) && !inHeadsOnly[name] && !grip.IsField(name)
}

// stripTrailer removes from an origin's trailer what clients may not be told.
func (rt *route) stripTrailer(trailer http.Header) {
	for name := range trailer {
		if !rt.passesToClient(name) {
			delete(trailer, name)
		}
	}
}
