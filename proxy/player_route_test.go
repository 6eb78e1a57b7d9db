package proxy

import "strings"

// routeSettings are what "with" can set for testdata/routes.txt.
func routeSettings() map[string]setting {
	return map[string]setting{
		"cors":      func(_ *stationOptions, rt *Route, v string) { rt.CORS = v == "true" },
		"debug":     func(_ *stationOptions, rt *Route, v string) { rt.Debug = v == "true" },
		"subscribe": func(_ *stationOptions, rt *Route, v string) { rt.Subscribe = strings.Split(v, ",") },
		"route_key": func(_ *stationOptions, rt *Route, v string) { rt.Signer = fixedSigner(v) },
	}
}
