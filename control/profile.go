package control

import (
	"net/http"
	"net/http/pprof"
	"time"
)

// profiles are the endpoints of net/http/pprof. Importing it also registers
// them with http.DefaultServeMux, which nothing of ours serves.
func profiles() []*endpoint {
	get := func(path string, f http.HandlerFunc) *endpoint {
		return &endpoint{path: path, slow: true, methods: map[string]http.Handler{http.MethodGet: unhurried(f)}}
	}
	return []*endpoint{
		get("/debug/pprof", pprof.Index),
		get("/debug/pprof/{profile}", pprof.Index),
		get("/debug/pprof/cmdline", pprof.Cmdline),
		get("/debug/pprof/profile", pprof.Profile),
		get("/debug/pprof/trace", pprof.Trace),
		get("/debug/pprof/symbol", pprof.Symbol),
	}
}

// unhurried lifts the server's read timeout, which would end the request's
// context, and with it the profile, while the handler runs.
func unhurried(f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		f(w, r)
	})
}
