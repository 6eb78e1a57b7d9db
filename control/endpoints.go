package control

import "net/http"

// operation serves a request by an answer or an error. It does not keep r.
type operation func(r *http.Request) (answer, error)

// endpoints is the whole API. A test holds it against openapi.yaml.
func (h *Handler) endpoints() []*endpoint {
	get := func(handler http.Handler) map[string]http.Handler {
		return map[string]http.Handler{http.MethodGet: handler}
	}
	post := func(op operation) map[string]http.Handler {
		return map[string]http.Handler{http.MethodPost: h.answering(op)}
	}
	all := []*endpoint{
		{path: "/", methods: get(h.answering(root))},
		{path: "/publish", methods: post(h.publish)},
		{path: "/recover", methods: post(h.recovery)},
		{path: "/channels", methods: get(h.answering(h.listChannels))},
		{path: "/channels/{name}", methods: map[string]http.Handler{
			http.MethodGet:    h.answering(h.showChannel),
			http.MethodPost:   h.answering(h.publishEvent),
			http.MethodDelete: h.answering(h.closeChannel),
		}},
		{path: "/metrics", methods: get(h.metricsPage())},
		{path: "/healthz", open: true, methods: get(h.answering(healthy))},
		{path: "/readyz", open: true, methods: get(h.answering(h.ready))},
		{path: "/openapi.yaml", methods: get(http.HandlerFunc(openAPI))},
	}
	for _, service := range h.opts.FastlyServices {
		// GRIP: the path of Fastly Fanout.
		all = append(all, &endpoint{path: "/service/" + service + "/publish", fastly: true, methods: post(h.publish)})
	}
	if h.opts.Reload != nil {
		all = append(all, &endpoint{path: "/reload", methods: post(h.reload)})
	}
	if h.opts.Profiling {
		all = append(all, profiles()...)
	}
	return all
}
