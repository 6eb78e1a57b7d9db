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
	proto, host := "http", in.Host
	if in.TLS != nil {
		proto = "https"
	}
	if t.has(peer) {
		chain = append(chain, in.Header["X-Forwarded-For"]...)
		proto = or(in.Header.Get("X-Forwarded-Proto"), proto)
		host = or(in.Header.Get("X-Forwarded-Host"), host)
		copyField(out, in.Header, "Forwarded")
	}
	if peer.IsValid() {
		chain = append(chain, peer.String())
	}
	setNonEmpty(out, "X-Forwarded-For", strings.Join(chain, ", "))
	setNonEmpty(out, "X-Forwarded-Host", host)
	out.Set("X-Forwarded-Proto", proto)
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
