package config

import "strings"

// AllRoutes returns the routes as they are served: those of Routes, then that
// of Origin if it is set. Hosts are in lower case, prefixes without a trailing
// slash, every route has a name, and its share of limits.
func (c Config) AllRoutes() []Route {
	routes := append([]Route(nil), c.Routes...)
	if c.Origin != "" {
		route := DefaultRoute()
		route.Origins = []string{c.Origin}
		routes = append(routes, route)
	}
	for i := range routes {
		route := &routes[i]
		route.Host = strings.ToLower(route.Host)
		route.PathPrefix = trimSlash(route.PathPrefix)
		if route.OriginRequests == 0 {
			route.OriginRequests = c.Limits.OriginRequests
		}
		if route.Name == "" {
			route.Name = route.Host + route.PathPrefix
		}
	}
	return routes
}
