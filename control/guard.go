package control

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// admit returns what the bearer of r's token may do with e, if r may be served at
// all. Where no token and no key is configured, what tells a web page from a
// program decides.
//
// Without that every page that a developer looks at could publish to the Holdfast
// on their machine: a browser sends a cross-site POST without asking first, and
// says so only in Origin; and a page whose own name is made to resolve to
// 127.0.0.1 (DNS rebinding) is no longer cross-site, but has its name in Host.
func (h *Handler) admit(r *http.Request, e *endpoint) (*access.Grant, error) {
	switch {
	case e.open:
		return h.anyone, nil
	case !h.opts.Access.Open():
		return h.opts.Access.Check(e.token(r), clientAddr(r))
	case r.Header.Get("Origin") != "":
		return nil, &access.Refused{Reason: access.WebPage,
			Message: "Requests from web pages (with the header Origin) need a token. Configure one: control.tokens."}
	case !ownHost(r) && !certified(r):
		return nil, &access.Refused{Reason: access.ForeignHost,
			Message: fmt.Sprintf("The host %q is not a loopback name or this listener's address. "+
				"Use one of these, or configure a token: control.tokens.", r.Host)}
	}
	return h.anyone, nil
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
