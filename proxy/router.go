package proxy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// router finds the route of a request. It is immutable after newRouter.
//
// Routes of the exact host come first, then routes without a host. Among each
// those for one protocol come first, then the longest path prefix, then those
// for one kind of connection (Pushpin's order). A host whose own routes do not
// take the request falls back to the routes without a host (Pushpin answers 502
// there).
type router struct {
	all   []*route
	named map[string]*route
	hosts map[string][]*route // the most specific first
	any   []*route            // the most specific first
}

func newRouter(routes []*route) (*router, error) {
	rs := &router{all: routes, named: map[string]*route{}, hosts: map[string][]*route{}}
	seen := map[string]bool{}
	for _, rt := range routes {
		key := rt.label()
		if seen[key] || rs.named[rt.Name] != nil {
			return nil, fmt.Errorf("route %q: another route has its name, or takes the same requests", rt.Name)
		}
		seen[key], rs.named[rt.Name] = true, rt
		rs.add(rt)
	}
	rs.sort()
	return rs, nil
}

func (rs *router) add(rt *route) {
	rt.prefixes = prefixForms(rt.PathPrefix)
	if rt.Host == "" {
		rs.any = append(rs.any, rt)
		return
	}
	rs.hosts[rt.Host] = append(rs.hosts[rt.Host], rt)
}

func (rs *router) sort() {
	slices.SortStableFunc(rs.any, moreSpecific)
	for _, list := range rs.hosts {
		slices.SortStableFunc(list, moreSpecific)
	}
}

func moreSpecific(a, b *route) int {
	return cmp.Or(
		preferred(a.Protocol != ProtocolAny, b.Protocol != ProtocolAny),
		cmp.Compare(len(b.PathPrefix), len(a.PathPrefix)),
		preferred(a.TLS != TLSAny, b.TLS != TLSAny),
	)
}

// preferred orders what is true before what is not.
func preferred(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// find returns the route of a request, nil if there is none. For a host that HTTP/1.1
// could not name, as HTTP/2 lets it through, there never is.
func (rs *router) find(in incoming) *route {
	if !httpguts.ValidHostHeader(in.host) {
		return nil
	}
	rt := rs.match(&in)
	if rt == nil || isPlain(in.path) {
		return rt
	}
	if !rs.stays(rt, in, pathPlain, plainPath) || !rs.stays(rt, in, pathBare, barePath) {
		return nil
	}
	return rt
}

// stays reports whether rt, which takes in, takes its path in another form, too.
func (rs *router) stays(rt *route, in incoming, form pathForm, resolve func(string) (string, bool)) bool {
	if _, within := resolve(in.path[len(rt.PathPrefix):]); !within {
		return false // a prefix that is rewritten would be left
	}
	path, ok := resolve(in.path)
	in.form, in.path = form, path
	return ok && rs.match(&in) == rt
}

// match returns the route that takes in, nil if there is none.
func (rs *router) match(in *incoming) *route {
	if rt := firstMatch(rs.hosts[normalHost(in.host)], in); rt != nil {
		return rt
	}
	return firstMatch(rs.any, in)
}

func firstMatch(list []*route, in *incoming) *route {
	for _, rt := range list {
		if rt.takes(in) {
			return rt
		}
	}
	return nil
}

// hasPathPrefix compares by whole path segments.
func hasPathPrefix(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/"))
}

// normalHost takes port and trailing dot away and folds the case. An IPv6 address gets
// its shortest form, in brackets.
func normalHost(host string) string {
	if strings.Count(host, ":") > 1 {
		return normalIPv6(host)
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// normalIPv6 is normalHost for an address, which a route may name without brackets.
func normalIPv6(host string) string {
	bare := host
	if inner, ok := strings.CutPrefix(host, "["); ok {
		bare, _, _ = strings.Cut(inner, "]")
	}
	address, err := netip.ParseAddr(bare)
	if err != nil {
		return strings.ToLower(host)
	}
	return "[" + address.String() + "]"
}
