package control

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// operation serves a request by an answer or an error. It does not keep r. What it
// may do for its bearer beyond the right that the endpoint needs is for it to ask.
type operation func(r *http.Request, by *access.Grant) (answer, error)

// endpoints is the whole API. A test holds it against openapi.yaml.
func (h *Handler) endpoints() []*endpoint {
	publish := post(access.Publish, h.answering(h.publish))
	all := []*endpoint{
		{path: "/", methods: get(access.Any, h.answering(root))},
		{path: "/publish", methods: publish},
		{path: "/recover", methods: post(access.Publish, h.answering(h.recovery))},
		{path: "/channels", methods: get(access.Read, h.answering(h.listChannels))},
		{path: "/channels/{name}", methods: map[string]method{
			http.MethodGet:    {access.Read, h.answering(h.showChannel)},
			http.MethodPost:   {access.Publish, h.answering(h.publishEvent)},
			http.MethodDelete: {access.Admin, h.answering(h.closeChannel)},
		}},
		{path: "/streams", methods: get(access.Admin, h.answering(aboutAll(h.listStreams)))},
		{path: "/streams/{id}", methods: map[string]method{http.MethodDelete: {access.Admin, h.answering(aboutAll(h.endStream))}}},
		{path: "/revoke", methods: post(access.Admin, h.answering(aboutAll(h.revoke)))},
		{path: "/metrics", methods: get(access.Read, plain(h.metricsPage()))},
		{path: "/healthz", open: true, methods: get(access.Any, h.answering(healthy))},
		{path: "/readyz", open: true, methods: get(access.Any, h.answering(h.ready))},
		{path: "/openapi.yaml", methods: get(access.Any, plain(http.HandlerFunc(openAPI)))},
	}
	for _, service := range h.opts.FastlyServices {
		// GRIP: the path of Fastly Fanout.
		all = append(all, &endpoint{path: "/service/" + service + "/publish", fastly: true, methods: publish})
	}
	if h.opts.Reload != nil {
		all = append(all, &endpoint{path: "/reload", methods: post(access.Admin, h.answering(h.reload))})
	}
	if h.opts.Profiling {
		all = append(all, profiles()...)
	}
	return all
}

func get(needs access.Rights, s serve) map[string]method {
	return map[string]method{http.MethodGet: {needs, s}}
}

func post(needs access.Rights, s serve) map[string]method {
	return map[string]method{http.MethodPost: {needs, s}}
}

// answering serves by an operation. What the client accepts is looked at first, so
// that nothing is done for a client that could not be told.
func (h *Handler) answering(op operation) serve {
	return func(w http.ResponseWriter, r *http.Request, by *access.Grant) error {
		f, err := negotiate(r.Header)
		if err != nil {
			return err
		}
		a, err := op(r, by)
		if err != nil {
			return err
		}
		write(w, f, a)
		return nil
	}
}

// aboutAll is op for those who are not bound to some channels: streams follow others as
// well, and a rule may be about any.
func aboutAll(op operation) operation {
	return func(r *http.Request, by *access.Grant) (answer, error) {
		if err := by.EveryChannel(); err != nil {
			return answer{}, err
		}
		return op(r, by)
	}
}

// plain serves by a handler that knows no bearers.
func plain(handler http.Handler) serve {
	return func(w http.ResponseWriter, r *http.Request, _ *access.Grant) error {
		handler.ServeHTTP(w, r)
		return nil
	}
}
