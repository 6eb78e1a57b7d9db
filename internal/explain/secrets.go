package explain

import (
	"net/http"
	"strings"

	"github.com/holdfast-proxy/holdfast/proxy"
)

// hidden stands for what is left out of a report.
const hidden = "***"

// withoutSecrets returns a copy of h as a report shows it, for reports are passed
// on: without what would let others act as the client, as the proxy, or with what
// the route adds. Of Grip-Sig the claims stay, and of cookies the names. Fields
// without values were only marks for net/http, and are left out.
func withoutSecrets(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, value := range values {
			out[name] = append(out[name], withoutSecret(name, value))
		}
	}
	return out
}

// withoutToken is a request's target without the token by which rt would hold it. rt
// may be nil.
func withoutToken(target string, rt *proxy.Route) string {
	path, query, found := strings.Cut(target, "?")
	if rt == nil || !found {
		return target
	}
	return path + "?" + rt.Tokens.HideToken(query, hidden)
}

func withoutSecret(name, value string) string {
	switch name {
	case "Authorization", "Proxy-Authorization":
		scheme, _, _ := strings.Cut(value, " ")
		if scheme == value {
			return hidden // no scheme: it is the secret
		}
		return scheme + " " + hidden
	case "Grip-Sig":
		return value[:strings.LastIndexByte(value, '.')+1] + hidden
	case "Cookie":
		pairs := strings.Split(value, ";")
		for i, pair := range pairs {
			pairs[i] = withoutValue(pair)
		}
		return strings.Join(pairs, ";")
	case "Set-Cookie":
		pair, attributes, found := strings.Cut(value, ";")
		if found {
			attributes = ";" + attributes
		}
		return withoutValue(pair) + attributes
	}
	return value
}

// withoutValue keeps the name of NAME=VALUE. What has no name is a value.
func withoutValue(pair string) string {
	name, _, found := strings.Cut(pair, "=")
	if !found {
		return hidden
	}
	return name + "=" + hidden
}
