package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// router finds the route of a request. It is immutable after newRouter.
//
// Routes of the exact host come first, then routes without a host; among each
// the longest path prefix wins. A host whose own routes do not have the path
// falls back to the routes without a host (Pushpin answers 502 there).
type router struct {
	all   []*route
	hosts map[string][]*route // longest prefix first
	any   []*route            // longest prefix first
}

func newRouter(routes []*route) (*router, error) {
	rs := &router{all: routes, hosts: map[string][]*route{}}
	seen, names := map[string]bool{}, map[string]bool{}
	for _, rt := range routes {
		key := rt.Host + rt.PathPrefix
		if seen[key] || names[rt.Name] {
			return nil, fmt.Errorf("route %q: another route has its name, or its host and path prefix", rt.Name)
		}
		seen[key], names[rt.Name] = true, true
		rs.add(rt)
	}
	rs.sort()
	return rs, nil
}

func (rs *router) add(rt *route) {
	if rt.Host == "" {
		rs.any = append(rs.any, rt)
		return
	}
	rs.hosts[rt.Host] = append(rs.hosts[rt.Host], rt)
}

func (rs *router) sort() {
	longestFirst := func(a, b *route) int { return cmp.Compare(len(b.PathPrefix), len(a.PathPrefix)) }
	slices.SortFunc(rs.any, longestFirst)
	for _, list := range rs.hosts {
		slices.SortFunc(list, longestFirst)
	}
}

// find returns the route for the host (as in the Host header) and the path
// (as in the request line), nil if there is none.
func (rs *router) find(host, path string) *route {
	if rt := firstMatch(rs.hosts[normalHost(host)], path); rt != nil {
		return rt
	}
	return firstMatch(rs.any, path)
}

func firstMatch(list []*route, path string) *route {
	for _, rt := range list {
		if hasPathPrefix(path, rt.PathPrefix) {
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

// normalHost takes port and trailing dot away and folds the case.
func normalHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
