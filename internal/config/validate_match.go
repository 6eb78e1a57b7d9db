package config

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"golang.org/x/net/idna"
)

// routeHost checks the host of the requests that a route takes, empty for all.
func (p *problems) routeHost(key, host string) {
	if host == "" || isIPv6(host) || strings.IndexFunc(host, notInHost) < 0 {
		return
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil && strings.IndexFunc(ascii, notInHost) < 0 {
		p.add(key, fmt.Sprintf("%q is not what clients send", host), "write "+ascii)
		return
	}
	p.add(key, fmt.Sprintf("%q is not a host name", host), "write the bare name, as in api.example.com, without a port")
}

// notInHost reports whether r is in no host's name. Underscores are in those of
// container networks.
func notInHost(r rune) bool {
	return !('a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("-._", r))
}

// isIPv6 reports whether host is an address, in brackets or without.
func isIPv6(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return false
		}
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is6() && address.Zone() == ""
}

func (p *problems) prefixPath(key, prefix string) {
	switch {
	case !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "?#"):
		p.add(key, fmt.Sprintf("%q is not a path", prefix), "begin with /, without a query")
	case trimSlash(prefix) != path.Clean(prefix):
		p.add(key, fmt.Sprintf("%q is not a plain path", prefix), "write "+path.Clean(prefix))
	case escaped(prefix) != prefix:
		p.add(key, fmt.Sprintf("%q is not what clients send", prefix), "write "+escaped(prefix))
	}
}

// trimSlash takes a trailing slash away, except from the root.
func trimSlash(prefix string) string {
	if len(prefix) > 1 {
		return strings.TrimSuffix(prefix, "/")
	}
	return prefix
}

// escaped returns prefix as it is in a request: visible ASCII, the rest by escapes.
func escaped(prefix string) string {
	var b strings.Builder
	for i := range len(prefix) {
		if c := prefix[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
