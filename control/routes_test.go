package control_test

import (
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
)

// T46 and T48, of which the root differs: it says what this is.
func TestPathsAndMethods(t *testing.T) {
	tests := []struct {
		name string
		request
		allow string
	}{
		{"the root says what this is", request{method: "GET", path: "/", status: 200, answer: "Holdfast API\n"}, ""},
		{"HEAD is served as GET", request{method: "HEAD", path: "/", status: 200, answer: "*"}, ""},
		{"an unknown path", request{method: "GET", path: "/x", status: 404, answer: "Not Found\n"}, ""},
		{"an unknown path in JSON", request{method: "GET", path: "/x", header: accepts("application/json"),
			status: 404, answer: "{\"message\":\"Not Found\"}\n"}, ""},
		{"the wrong method", request{method: "GET", path: "/publish/", status: 405,
			answer: "Method not allowed: GET.\n"}, "POST"},
		{"the wrong method without the slash", request{method: "PUT", path: "/publish", status: 405,
			answer: "Method not allowed: PUT.\n"}, "POST"},
		{"the wrong method for a channel", request{method: "PATCH", path: "/channels/a", status: 405,
			answer: "Method not allowed: PATCH.\n"}, "DELETE, GET, HEAD, POST"},
		{"a preflight", request{method: "OPTIONS", path: "/publish/", status: 405,
			answer: "Method not allowed: OPTIONS.\n"}, "POST"},
		{"two slashes at the end", request{method: "POST", path: "/publish//", status: 404, answer: "Not Found\n"}, ""},
		{"unclean paths are not redirected", request{method: "POST", path: "//publish/", status: 404, answer: "Not Found\n"}, ""},
		{"a channel below a channel", request{method: "GET", path: "/channels/a/b", status: 404, answer: "Not Found\n"}, ""},
		{"recover", request{method: "POST", path: "/recover/", status: 200, answer: "Updated\n"}, ""},
		{"recover in JSON", request{method: "POST", path: "/recover", header: accepts("application/json"),
			status: 200, answer: "{\"message\":\"Updated\"}\n"}, ""},
		{"no profiles unless asked for", request{method: "GET", path: "/debug/pprof/", status: 404, answer: "Not Found\n"}, ""},
	}
	e := newEnv(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.check(t, e).Header().Get("Allow"); got != tt.allow {
				t.Errorf("Allow: %q, want %q", got, tt.allow)
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	e := newEnv(t, func(o *control.Options) { o.Profiling = true })
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline", "/debug/pprof/symbol"} {
		request{method: "GET", path: path, status: 200, answer: "*"}.check(t, e)
	}
	request{method: "GET", path: "/debug/pprof/nothing", status: 404, answer: "*"}.check(t, e)
}

func TestHealthAndReadiness(t *testing.T) {
	var reasons []string
	e := newEnv(t, func(o *control.Options) { o.NotReady = func() []string { return reasons } })
	json := accepts("application/json")
	get := func(path string, status int, text, asJSON string) {
		t.Helper()
		request{method: "GET", path: path, status: status, answer: text}.check(t, e)
		request{method: "GET", path: path, header: json, status: status, answer: asJSON}.check(t, e)
	}
	get("/healthz", 200, "ok\n", "{\"message\":\"ok\"}\n")
	get("/readyz", 200, "ready\n", "{\"ready\":true}\n")
	reasons = []string{"draining", "the bus is away"}
	get("/healthz", 200, "ok\n", "{\"message\":\"ok\"}\n")
	get("/readyz", 503, "not ready: draining; the bus is away\n",
		"{\"ready\":false,\"reasons\":[\"draining\",\"the bus is away\"]}\n")
}
