package config

import "strings"

// AllRoutes returns the routes as they are served: those of Routes, then that
// of Origin if it is set. Hosts are in lower case, prefixes without a trailing
// slash, and every route has a name.
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
		if route.Name == "" {
			route.Name = route.Host + route.PathPrefix
		}
	}
	return routes
}

// StreamLimit is how many requests may be held at once in a process that may
// open openFiles files. See MaxStreams.
func (c Config) StreamLimit(openFiles uint64) int {
	if c.MaxStreams > 0 {
		return c.MaxStreams
	}
	const most = 1 << 30 // more than any machine can hold; keeps the number an int
	openFiles = min(openFiles, most)
	reserve := max(openFiles/8, 64)
	return int(max(openFiles, reserve+1) - reserve)
}
