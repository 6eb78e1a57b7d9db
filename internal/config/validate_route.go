package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how long a channel's name may be, in bytes.
const maxName = 255

func (p *problems) checkRoutes(c Config) {
	if c.Origin == "" && len(c.Routes) == 0 {
		p.addAcross("origin", []string{"routes"}, "is empty, and there are no routes", "name the API that Holdfast stands in front of, as in --origin http://127.0.0.1:8000")
	}
	if c.Origin != "" {
		p.originURL("origin", c.Origin)
	}
	for i, route := range c.Routes {
		p.checkRoute(element("routes", i), route)
		if n := len(route.Subscribe); n > c.MaxChannelsPerStream {
			p.addAcross(element("routes", i)+".subscribe", []string{"max_channels_per_stream"},
				fmt.Sprintf("names %d channels, and a stream may have %d", n, c.MaxChannelsPerStream), "set max_channels_per_stream higher, or name fewer")
		}
		p.routeSignature(element("routes", i), route, c.GRIP)
		p.tokenParameter(element("routes", i), route.Tokens, c.Resume)
	}
	p.checkTwice(c)
}

func (p *problems) checkRoute(at string, route Route) {
	if strings.ContainsAny(route.Host, "/:@*? ") && !isIPv6(route.Host) {
		p.add(at+".host", fmt.Sprintf("%q is not a host name", route.Host), "write the bare name, as in api.example.com, without a port")
	}
	p.prefixPath(at+".path_prefix", route.PathPrefix)
	if route.RewritePrefix != "" {
		p.prefixPath(at+".rewrite_prefix", route.RewritePrefix)
	}
	if len(route.Origins) == 0 && !route.Tokens.Set() {
		p.add(at+".origins", "is empty", "name at least one URL, as in http://127.0.0.1:8000")
	}
	p.originURLs(at+".origins", route.Origins)
	p.originTLS(at, route)
	p.channelPrefix(at+".channel_prefix", route.ChannelPrefix)
	p.channelPolicy(at, route)
	p.channels(at+".subscribe", route.Subscribe)
	p.printable(at+".name", route.Name)
	p.headers(at+".request_headers", route.RequestHeaders)
	p.headers(at+".response_headers", route.ResponseHeaders)
	p.checkCrossSite(at, route)
	p.routeTokens(at, route)
}

func (p *problems) routeSignature(at string, route Route, g GRIP) {
	p.signingKey(at+".sig_key", route.SigKey)
	if route.SigIss != "" && route.SigKey == "" && g.SigKey == "" {
		p.addAcross(at+".sig_iss", []string{at + ".sig_key", "grip.sig_key"}, "is set, and there is no key to sign with", "set sig_key in the route or in grip")
	}
}

func isIPv6(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Is6()
}

func (p *problems) prefixPath(key, prefix string) {
	switch {
	case !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "?#"):
		p.add(key, fmt.Sprintf("%q is not a path", prefix), "begin with /, without a query")
	case trimSlash(prefix) != path.Clean(prefix):
		p.add(key, fmt.Sprintf("%q is not a plain path", prefix), "write "+path.Clean(prefix))
	}
}

// trimSlash takes a trailing slash away, except from the root.
func trimSlash(prefix string) string {
	if len(prefix) > 1 {
		return strings.TrimSuffix(prefix, "/")
	}
	return prefix
}

// originURLs also refuses what is named twice: max_connections and the metrics are
// about origins, not about their names.
func (p *problems) originURLs(key string, origins []string) {
	seen := map[string]string{}
	for i, origin := range origins {
		p.originURL(element(key, i), origin)
		same := sameOrigin(origin)
		if other, twice := seen[same]; twice {
			p.add(element(key, i), fmt.Sprintf("%q is the same origin as %s", origin, other), "name each origin once")
			continue
		}
		seen[same] = origin
	}
}

// sameOrigin is the same text for all ways to write an origin's URL.
func sameOrigin(text string) string {
	text = strings.TrimSuffix(strings.ToLower(text), "/")
	switch {
	case strings.HasPrefix(text, "http://"):
		return strings.TrimSuffix(text, ":80")
	case strings.HasPrefix(text, "https://"):
		return strings.TrimSuffix(text, ":443")
	}
	return text
}

func (p *problems) originURL(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		p.add(key, fmt.Sprintf("%q is not the URL of an API", text), "write it as in http://127.0.0.1:8000 or https://api.example.com")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		p.add(key, "has more than scheme, host and port", "take user, query and fragment away")
	case u.Path != "" && u.Path != "/":
		p.add(key, fmt.Sprintf("%q has a path", text), "take it away, and set the route's rewrite_prefix if paths differ")
	}
}

// channels checks the names of channels.
func (p *problems) channels(key string, names []string) {
	for i, name := range names {
		if name == "" {
			p.add(element(key, i), "is empty", "name a channel")
		}
		p.channelName(element(key, i), name, maxName)
	}
}

func (p *problems) channelPrefix(key, prefix string) {
	p.channelName(key, prefix, maxName-1)
}

func (p *problems) channelName(key, name string, most int) {
	if len(name) > most {
		p.add(key, fmt.Sprintf("is %d bytes long", len(name)), fmt.Sprintf("channel names have %d bytes at most", maxName))
	}
	p.printable(key, name)
}

func (p *problems) printable(key, text string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		p.add(key, fmt.Sprintf("%q has control characters in it or is not UTF-8", text), "write plain text")
	}
}

func (p *problems) headers(key string, edits HeaderEdits) {
	for i, line := range edits.Set {
		name, _, err := ParseHeader(line)
		if err != nil {
			p.add(element(key+".set", i), err.Error(), `write "Name: value"`)
			continue
		}
		p.headerName(element(key+".set", i), name)
	}
	for i, name := range edits.Remove {
		p.headerName(element(key+".remove", i), name)
	}
}

func (p *problems) headerName(key, name string) {
	switch {
	case !isToken(name):
		p.add(key, fmt.Sprintf("%q is not the name of a header", name), "write a name, as in X-Api-Key")
	case reserved(name):
		p.add(key, name+" is not for routes to change", "Holdfast needs it to forward and to hold")
	}
}

// checkTwice refuses two routes that would take the same requests, and two that
// logs and metrics could not tell apart.
func (p *problems) checkTwice(c Config) {
	matches, names := map[string]string{}, map[string]string{}
	for i, route := range c.AllRoutes() {
		at := element("routes", i)
		if i == len(c.Routes) {
			at = "origin"
		}
		match := route.Takes()
		if other, twice := matches[match]; twice {
			p.addAcross(at, []string{other}, fmt.Sprintf("takes the same requests as %s (%s)", other, match), "change host, path_prefix, protocol or tls, or remove one of the two")
		} else if other, twice := names[route.Name]; twice {
			p.addAcross(at+".name", []string{other}, fmt.Sprintf("%q is also the name of %s", route.Name, other), "give each route a name of its own")
		}
		matches[match], names[route.Name] = at, at
	}
}
