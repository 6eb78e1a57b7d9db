package proxy

import (
	"strings"
	"time"
)

// routeSettings are what "with" can set about routes.
func routeSettings() map[string]setting {
	return map[string]setting{
		"cors":    func(_ *stationOptions, rt *Route, v string) { rt.CORS.Origins = strings.Split(v, ",") },
		"cookies": func(_ *stationOptions, rt *Route, v string) { rt.CORS.Credentials = v == "true" },
		"expose":  func(_ *stationOptions, rt *Route, v string) { rt.CORS.Expose = strings.Split(v, ",") },
		"check":   func(_ *stationOptions, rt *Route, v string) { rt.CheckOrigin = v == "true" },
		"preflight": func(_ *stationOptions, rt *Route, v string) {
			rt.CORS.Methods, rt.CORS.Headers, rt.CORS.MaxAge = []string{v}, []string{v}, time.Hour
		},
		"debug":     func(_ *stationOptions, rt *Route, v string) { rt.Debug = v == "true" },
		"subscribe": func(_ *stationOptions, rt *Route, v string) { rt.Subscribe = strings.Split(v, ",") },
		"route_key": func(_ *stationOptions, rt *Route, v string) { rt.Signer = fixedSigner(v) },
		"first_origin": func(_ *stationOptions, rt *Route, _ string) { // down
			rt.Origins = append(nowhere().Origins, rt.Origins...)
		},
		"beside": func(o *stationOptions, _ *Route, v string) { // HOST/PREFIX, which leads nowhere
			host, prefix, _ := strings.Cut(v, "/")
			other := nowhere()
			other.Host, other.PathPrefix = host, "/"+prefix
			o.Routes = append(o.Routes, other)
		},
	}
}

// nowhere is a route to an origin that is not there.
func nowhere() Route { return routeTo("http://" + unusedAddr) }
