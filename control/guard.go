package control

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// admit decides whether r may be served by e: by its token where tokens or keys
// are configured, otherwise by what tells a web page from a program.
//
// Without the second check every page that a developer looks at could publish
// to the Holdfast on their machine: a browser sends a cross-site POST without
// asking first, and says so only in Origin; and a page whose own name is made
// to resolve to 127.0.0.1 (DNS rebinding) is no longer cross-site, but has its
// name in Host.
func (h *Handler) admit(r *http.Request, e *endpoint) error {
	if len(h.tokens) > 0 || h.opts.Verifier != nil {
		if h.known(e.token(r)) {
			return nil
		}
		return refusef(http.StatusUnauthorized, "A valid token is needed: Authorization: Bearer TOKEN.").
			with("WWW-Authenticate", `Bearer realm="holdfast"`)
	}
	if r.Header.Get("Origin") != "" {
		return refusef(http.StatusForbidden,
			"Requests from web pages (with the header Origin) need a token. Configure one: control.tokens.")
	}
	if !ownHost(r) && !certified(r) {
		return refusef(http.StatusForbidden,
			"The host %q is not a loopback name or this listener's address. "+
				"Use one of these, or configure a token: control.tokens.", r.Host)
	}
	return nil
}

// known reports whether token is one that is configured, or is signed with a key
// that is.
func (h *Handler) known(token string) bool {
	if token == "" {
		return false
	}
	return h.tokens.accept(token) || h.opts.Verifier != nil && h.opts.Verifier.Verify(token, time.Now()) == nil
}

// ownHost reports whether r's Host can only mean this machine: a loopback name
// or address, or the address that the connection came in on. HTTP/1.0 has
// requests without a Host, which browsers do not send.
func ownHost(r *http.Request) bool {
	if r.Host == "" {
		return true
	}
	host := hostname(r.Host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761 §6.3
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	return ip.IsLoopback() || ip.Unmap() == localAddr(r)
}

// certified reports whether r came over TLS with a certificate of ours on either
// side. The host may be any then: a page that has its own name resolve to this
// machine has no certificate for it, and its browser would not have sent a request.
func certified(r *http.Request) bool { return r.TLS != nil && len(r.TLS.VerifiedChains) > 0 }

// hostname returns hostport without its port and brackets, in lower case.
func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// localAddr is the address that r's connection came in on, zero if unknown.
func localAddr(r *http.Request) netip.Addr {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if addr == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
