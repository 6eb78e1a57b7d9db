package control

import (
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// profiles are the endpoints of net/http/pprof. Importing it also registers
// them with http.DefaultServeMux, which nothing of ours serves.
func profiles() []*endpoint {
	profile := func(path string, f http.HandlerFunc) *endpoint {
		return &endpoint{path: path, slow: true, methods: get(access.Admin, unhurried(f))}
	}
	return []*endpoint{
		profile("/debug/pprof", pprof.Index),
		profile("/debug/pprof/{profile}", pprof.Index),
		profile("/debug/pprof/cmdline", pprof.Cmdline),
		profile("/debug/pprof/profile", pprof.Profile),
		profile("/debug/pprof/trace", pprof.Trace),
		profile("/debug/pprof/symbol", pprof.Symbol),
	}
}

// unhurried lifts the server's read timeout, which would end the request's
// context, and with it the profile, while the handler runs.
func unhurried(f http.HandlerFunc) serve {
	return func(w http.ResponseWriter, r *http.Request, _ *access.Grant) error {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		f(w, r)
		return nil
	}
}
