package proxy

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// pseudonym is how we appear in Via (RFC 9110 §7.6.3).
const pseudonym = "holdfast"

// addVia adds us to the Via of a message that was received as HTTP/major.minor.
func addVia(h http.Header, major, minor int) {
	h.Add("Via", fmt.Sprintf("%d.%d %s", major, minor, pseudonym))
}

// trustedPeers are the networks whose X-Forwarded-* fields are believed.
type trustedPeers []netip.Prefix

func (t trustedPeers) has(peer netip.Addr) bool {
	for _, prefix := range t {
		if prefix.Contains(peer) {
			return true
		}
	}
	return false
}

// peerAddr returns the address that r came from, the zero Addr if it is not
// an IP address.
func peerAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// setForwarded fills the forwarding fields of out, from which ReverseProxy
// has removed what the client sent. What a trusted peer says is kept and its
// address appended; of all others only what we see ourselves is told.
func (t trustedPeers) setForwarded(out http.Header, in *http.Request) {
	peer := peerAddr(in)
	var chain []string
	host := in.Host
	if t.has(peer) {
		chain = append(chain, in.Header["X-Forwarded-For"]...)
		host = or(in.Header.Get("X-Forwarded-Host"), host)
		copyField(out, in.Header, "Forwarded")
	}
	if peer.IsValid() {
		chain = append(chain, peer.String())
	}
	setNonEmpty(out, "X-Forwarded-For", strings.Join(chain, ", "))
	setNonEmpty(out, "X-Forwarded-Host", host)
	out.Set("X-Forwarded-Proto", t.schemeOf(in))
}

// schemeOf is the scheme that the client of r used, by the word of a trusted
// peer, or else by what we see.
func (t trustedPeers) schemeOf(r *http.Request) string {
	if told := r.Header.Get("X-Forwarded-Proto"); told != "" && t.has(peerAddr(r)) {
		return told
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func isSecure(scheme string) bool {
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "wss")
}

func copyField(dst, src http.Header, name string) {
	if values, ok := src[name]; ok {
		dst[name] = append([]string(nil), values...)
	}
}

func setNonEmpty(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}
