package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
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
	p.routeHost(at+".host", route.Host)
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

// originURLs also refuses what is named twice: max_connections and the metrics are
// about origins, not about their names.
func (p *problems) originURLs(key string, origins []string) {
	seen := map[string]string{}
	for i, origin := range origins {
		p.originURL(element(key, i), origin)
		same := sameOrigin(origin)
		if other, twice := seen[same]; twice {
			p.add(element(key, i), fmt.Sprintf("%q is the same origin as %s", masked(origin), masked(other)), "name each origin once")
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
		p.add(key, fmt.Sprintf("%q is not the URL of an API", masked(text)), "write it as in http://127.0.0.1:8000 or https://api.example.com")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		p.add(key, "has more than scheme, host and port", "take user, query and fragment away")
	case !isPort(u.Port()):
		p.add(key, fmt.Sprintf("%q has a port that is none", text), "write 1 to 65535")
	case u.Path != "" && u.Path != "/":
		p.add(key, fmt.Sprintf("%q has a path", text), "take it away, and set the route's rewrite_prefix if paths differ")
	}
}

// isPort reports whether text is a port, or empty for that of the scheme.
func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && port > 0
}

// masked returns what should be a URL without the user and password in it.
func masked(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	scheme, _, ok := strings.Cut(text[:at], "://")
	if !ok {
		return "***" + text[at:]
	}
	return scheme + "://***" + text[at:]
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
		name, value, err := ParseHeader(line)
		if err != nil {
			p.add(element(key+".set", i), err.Error(), `write "Name: value"`)
			continue
		}
		p.headerName(element(key+".set", i), name)
		if strings.EqualFold(name, "Host") && (value == "" || !httpguts.ValidHostHeader(value)) {
			p.add(element(key+".set", i), fmt.Sprintf("%q is not a host", value), "write one, as in api.example.com or api.example.com:8443")
		}
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
