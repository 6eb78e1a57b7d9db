package control

import (
	"net/http"
	"net/netip"
	"strings"
)

// bearerToken returns the token that a request carries (RFC 6750 §2.1), empty if
// there is none, or more than one.
func bearerToken(header http.Header) string {
	fields := header.Values("Authorization")
	if len(fields) != 1 {
		return ""
	}
	scheme, credentials, _ := strings.Cut(fields[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credentials)
}

// fastlyKey is where the API of Fastly looks for a token.
const fastlyKey = "Fastly-Key"

// token returns the token that r carries to e.
func (e *endpoint) token(r *http.Request) string {
	if fields := r.Header.Values(fastlyKey); e.fastly && len(fields) == 1 {
		return fields[0]
	}
	return bearerToken(r.Header)
}

// clientAddr is the address that r's connection comes from, zero if that is not on
// a network. Headers that name another are not believed: whoever guesses tokens
// would write a new one in each request.
func clientAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}
