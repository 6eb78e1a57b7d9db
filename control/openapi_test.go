package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// served returns the document as the handler serves it, checked.
func served(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	w := request{method: "GET", path: "/openapi.yaml", status: 200, answer: "*"}.check(t, h)
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSpecHasEveryEndpointAndNoOther(t *testing.T) {
	e := newEnv(t, withProfiling, withService("{service}"), reloading(reload.Outcome{}, nil))
	var described []string
	for path, item := range served(t, e).Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			if op.Security != nil && len(*op.Security) == 0 {
				name += " (open)"
			}
			if right, ok := op.Extensions["x-right"]; ok {
				name += fmt.Sprintf(" (%v)", right)
			}
			described = append(described, name)
		}
	}
	slices.Sort(described)
	built := e.Endpoints()
	for _, path := range []string{"cmdline", "profile", "trace", "symbol"} { // instances of {profile}
		built = slices.DeleteFunc(built, func(s string) bool { return s == "GET /debug/pprof/"+path+" (admin)" })
	}
	if got, want := strings.Join(described, "\n"), strings.Join(built, "\n"); got != want {
		t.Errorf("described:\n%s\n\nbuilt:\n%s", got, want)
	}
}

func withProfiling(o *control.Options) { o.Profiling = true }

// contract makes requests and holds them and their answers against the
// document.
type contract struct {
	handler http.Handler
	router  routers.Router
}

// check validates one exchange; wrong requests are sent without validating
// them.
func (c *contract) check(t *testing.T, q request, wrong bool) {
	t.Helper()
	r := httptest.NewRequest(q.method, "http://127.0.0.1:5561"+q.path, strings.NewReader(q.body))
	r.Header.Set("Content-Type", "application/json")
	for name, values := range q.header {
		r.Header[name] = values
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s: %v", q.method, q.path, err)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil && !wrong {
		t.Errorf("%s %s: %v", q.method, q.path, err)
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(q.body)), int64(len(q.body)) // the validator filled in defaults
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if w.Code != q.status {
		t.Errorf("%s %s: %d %s", q.method, q.path, w.Code, w.Body)
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(), Options: in.Options,
		Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
	}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s %s, Accept %q: %v", q.method, q.path, q.header["Accept"], err)
	}
}

func TestHandlersKeepToTheSpec(t *testing.T) {
	e := newEnv(t, withProfiling, withService("abc"), reloading(reload.Outcome{Changed: []string{"routes"}}, nil))
	doc := served(t, e)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	e.follow(t, "c")
	sse := `{"channel":"c","id":"1","prev-id":"","no-seq":true,"size":"3","meta":{"a":"b"},"formats":{"sse":{"event":"e","data":{"a":[1]},"id":"7","retry":"100"}}}`
	all := `{"channel":"c","formats":{"http-stream":{"content-bin":"eA==","content-filters":["build-id"]},"http-response":{"code":"404","reason":"No","headers":[["X-A","b"]],"body":"x"},"ws-message":{"content":"x"}}}`
	good := []request{
		{method: "GET", path: "/"},
		{method: "POST", path: "/publish", body: batch(streamItem("c", "x"), sse, all)},
		{method: "POST", path: "/publish", body: batch(sse, `{"channel":"c","id":"9","prev-id":"8","http-stream":{"action":"close"}}`)},
		{method: "POST", path: "/publish", body: batch()},
		{method: "POST", path: "/service/abc/publish", body: batch(sse)},
		{method: "POST", path: "/recover"},
		{method: "POST", path: "/reload"},
		{method: "GET", path: "/channels"},
		{method: "GET", path: "/channels?limit=1&offset=1&prefix=c"},
		{method: "GET", path: "/channels?scope=cluster&limit=1&after=a&prefix=c"},
		{method: "GET", path: "/channels/c"},
		{method: "GET", path: "/channels/c?scope=cluster"},
		{method: "POST", path: "/channels/c?event=e&id=1", body: `"x"`},
		{method: "POST", path: "/channels/c?event=e&id=1", body: `"x"`},
		{method: "DELETE", path: "/channels/c"},
		{method: "GET", path: "/streams?limit=1&after=0000000000000001&user=a&token_id=t&channel=c&route=r"},
		{method: "POST", path: "/revoke", body: `{"user":"a","meta":{"b":""},"action":"end","for":"1h"}`},
		{method: "POST", path: "/revoke?scope=node", body: `{"route":"a","action":"recheck"}`},
		{method: "GET", path: "/metrics"},
		{method: "GET", path: "/healthz"},
		{method: "GET", path: "/readyz"},
		{method: "GET", path: "/openapi.yaml"},
		{method: "GET", path: "/debug/pprof"},
		{method: "GET", path: "/debug/pprof/heap"},
		{method: "GET", path: "/debug/pprof/goroutine?debug=1"},
	}
	wrong := []request{
		{method: "POST", path: "/publish", body: "{", status: 400},
		{method: "POST", path: "/publish", header: http.Header{"Content-Encoding": {"gzip"}}, status: 415},
		{method: "POST", path: "/publish", header: http.Header{"Origin": {"null"}}, status: 403},
		{method: "GET", path: "/channels?limit=0", status: 400},
		{method: "GET", path: "/channels?scope=all", status: 400},
		{method: "GET", path: "/channels/nobody", status: 404},
		{method: "GET", path: "/channels/nobody?scope=cluster", status: 404},
		{method: "DELETE", path: "/channels/nobody", status: 404},
		{method: "GET", path: "/channels/%00", status: 400},
		{method: "GET", path: "/streams?limit=0", status: 400},
		{method: "DELETE", path: "/streams/1", status: 400},
		{method: "DELETE", path: "/streams/0000000000000001", status: 404},
		{method: "POST", path: "/revoke", body: "{}", status: 400},
	}
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	defer openapi3filter.UnregisterBodyDecoder("text/html")
	c := &contract{e, router}
	for _, accept := range []string{"*/*", "application/json"} {
		for _, q := range good {
			q.status, q.header = 200, accepts(accept)
			if strings.Contains(q.path, "pprof") || strings.Contains(q.path, "metrics") {
				q.header = nil
			}
			c.check(t, q, false)
		}
		for _, q := range wrong {
			header := accepts(accept)
			for name, values := range q.header {
				header[name] = values
			}
			q.header = header
			c.check(t, q, true)
		}
	}
	drained := newEnv(t, func(o *control.Options) { o.NotReady = func() []string { return []string{"draining"} } })
	c.handler = drained
	c.check(t, request{method: "GET", path: "/readyz", status: 503, header: accepts("application/json")}, false)
	c.handler = newEnv(t, reloading(reload.Outcome{}, errors.New("bad")))
	c.check(t, request{method: "POST", path: "/reload", status: 422, header: accepts("application/json")}, false)
	told := report(func(r *live.Report) { r.Streams, r.Ended = []live.Stream{aStream(7), aStream(8)}, 1 })
	told.Reports[0].Streams[0].Meta, told.Reports[0].Streams[0].Silent = map[string]string{"user": "a"}, true
	c.handler, _ = nodesSay(t, told, nil)
	c.check(t, request{method: "GET", path: "/streams?limit=1", status: 200}, false)
	c.check(t, request{method: "DELETE", path: "/streams/0000000000000007?scope=cluster", status: 200, header: accepts("application/json")}, false)
	told.Missing, told.Reports[0].Problem = []string{"two"}, "old"
	c.handler, _ = nodesSay(t, told, nil)
	c.check(t, request{method: "POST", path: "/revoke", body: `{"user":"a"}`, status: 502, header: accepts("application/json")}, false)
	c.handler = newEnv(t, withTokens("secret"))
	c.check(t, request{method: "GET", path: "/channels", status: 401, header: accepts("application/json")}, false)
	c.handler = newEnv(t, withAccess(access.Terms{Name: "n", Rights: access.Publish, PerSecond: 1}))
	bearer := http.Header{"Authorization": {"Bearer n"}, "Accept": {"application/json"}}
	c.check(t, request{method: "GET", path: "/channels", status: 403, header: bearer}, false)
	c.check(t, request{method: "POST", path: "/publish", body: batch(sse, sse), status: 413, header: bearer}, false)
	c.check(t, request{method: "POST", path: "/publish", body: batch(sse), status: 200, header: bearer}, false)
	c.check(t, request{method: "POST", path: "/publish", body: batch(sse), status: 429, header: bearer}, false)
}
