package config

import "strings"

// AllRoutes returns the routes as they are served: those of Routes, then that
// of Origin if it is set. Hosts are in lower case and without a trailing dot,
// prefixes without a trailing slash, every route has a name, and its share of
// limits.
func (c Config) AllRoutes() []Route {
	routes := append([]Route(nil), c.Routes...)
	if c.Origin != "" {
		route := DefaultRoute()
		route.Origins = []string{c.Origin}
		routes = append(routes, route)
	}
	for i := range routes {
		route := &routes[i]
		route.Host = strings.TrimSuffix(strings.ToLower(route.Host), ".")
		route.PathPrefix = trimSlash(route.PathPrefix)
		if route.OriginRequests == 0 {
			route.OriginRequests = c.Limits.OriginRequests
		}
		if route.Name == "" {
			route.Name = route.Takes()
		}
	}
	return routes
}

// Takes says which requests a route takes. No two routes may take the same.
func (r Route) Takes() string {
	text := r.Host + r.PathPrefix
	if r.Protocol != ProtocolAny {
		text += " " + string(r.Protocol)
	}
	if r.TLS != TLSAny {
		text += " tls=" + string(r.TLS)
	}
	return text
}
