package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAPathIsPlainAsServersSeeIt(t *testing.T) {
	tests := map[string]string{
		"/":                     "/",
		"/a/b":                  "/a/b",
		"/a//b/":                "/a/b/",
		"//a":                   "/a",
		"/a/./b/.":              "/a/b/",
		"/a/../b":               "/b",
		"/a/b/..":               "/a/",
		"/a/%2e%2E/b":           "/b",
		"/a/.%2e/b":             "/b",
		"/a%2f..%2fb":           "/b",
		`/a\..\b`:               "/b",
		"/%61/%62":              "/a/b",
		"/a/..;x=y/b":           "/b",
		"/a/.;/b":               "/a/b",
		"/a;x=y/b":              "/a;x=y/b",
		"/a/.../b":              "/a/.../b",
		"/a/..b":                "/a/..b",
		"/..":                   "",
		"/a/../../b":            "",
		"/%2e%2e/b":             "",
		"/.well-known/security": "/.well-known/security",
		"/100%":                 "/100%",
	}
	for path, want := range tests {
		if got, ok := plainPath(path); got != want || ok != (want != "") {
			t.Errorf("%s is %q (%v), want %q", path, got, ok, want)
		}
		if isPlain(path) && path != want {
			t.Errorf("%s passes for plain, and is %q", path, want)
		}
	}
}

func TestAPathIsBareWithoutItsParameters(t *testing.T) {
	tests := map[string]string{
		"/":              "/",
		"/a/b/":          "/a/b/",
		"/a;x=y/b;z":     "/a/b",
		"/a;x=y;z":       "/a",
		"/;x":            "/",
		"/a/;x":          "/a/",
		"/a;x/":          "/a/",
		"/;x/;y/a/;/b;/": "/a/b/",
		"/a/;/../b":      "/b",
		"/a%3bx/..;y/b":  "/b",
		"/;/..":          "",
	}
	for path, want := range tests {
		if got, ok := barePath(path); got != want || ok != (want != "") {
			t.Errorf("%s is %q (%v), want %q", path, got, ok, want)
		}
	}
}

// An origin that resolves what a client writes is never asked for what another route,
// or none, is for.
func TestAPathHasNoOtherRouteForItsOrigin(t *testing.T) {
	lines := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		line, _, _ := strings.Cut(readHead(r), " HTTP/1.1\r\n")
		lines <- line
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	f := newFront(t, func(o *Options) {
		for _, prefix := range []string{"/", "/private", "/private/deep;k=v", "/v1"} {
			rt := routeTo(origin)
			rt.PathPrefix = prefix
			rt.Response.Set = []Field{{"X-Route", prefix}}
			if prefix == "/v1" {
				rt.RewritePrefix = "/v2/public"
			}
			o.Routes = append(o.Routes, rt)
		}
	})
	tests := []struct{ path, route, asked string }{
		{"/x", "/", "/x"},
		{"/x/../y", "/", "/x/../y"},
		{"/private/x", "/private", "/private/x"},
		{"/private/a/../b", "/private", "/private/a/../b"},
		{"/private//b%2Fc", "/private", "/private//b%2Fc"},
		{"/v1/a/../b", "/v1", "/v2/public/a/../b"},
		{"/x;a=b/y;c", "/", "/x;a=b/y;c"},
		{"/;a/x", "/", "/;a/x"},
		{"/private/x;a=b%3Bc", "/private", "/private/x;a=b%3Bc"},
		{"/private/deep;k=v/x", "/private/deep;k=v", "/private/deep;k=v/x"},
		{path: "/private;a"},
		{path: "/private;a=b/x"},
		{path: "/private%3Ba/x"},
		{path: "/;a/private/x"},
		{path: "/;/private"},
		{path: "/private/deep;k=w"},
		{path: "/v1/;/../x"},
		{path: "/x/../private/y"},
		{path: "/x/%2e%2e/private/y"},
		{path: "/x/..%2fprivate/y"},
		{path: `/x/..\private/y`},
		{path: "/x/..;/private/y"},
		{path: "//private/y"},
		{path: "/./private/y"},
		{path: "/%70rivate/y"},
		{path: "/private/../x"},
		{path: "/private//../x"},
		{path: "/v1/../secret"},
		{path: "/v1/a/../../secret"},
		{path: "/v1/../v1/secret"},
		{path: "/v1/%2e%2e/secret"},
		{path: "/../x"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			c := dialWire(t, f.addr)
			c.send("GET " + tt.path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			head := c.head()
			if tt.route == "" {
				if !strings.HasPrefix(head, "HTTP/1.1 404 ") {
					t.Errorf("it is answered: %q; the origin got %q", head, within(t, lines, "the origin is asked"))
				}
				return
			}
			if got := within(t, lines, "the origin is asked"); got != "GET "+tt.asked || !strings.Contains(head, "X-Route: "+tt.route+"\r\n") {
				t.Errorf("the origin got %q, and the client %q", got, head)
			}
		})
	}
}

// What servers cut off a target is not looked at by routes, so nobody may send it.
func TestATargetHasNoFragment(t *testing.T) {
	origin := newOrigin(t, func(http.ResponseWriter, *http.Request) { t.Error("the origin is asked") })
	f := newFront(t, func(o *Options) {
		o.Routes = []Route{routeTo(origin.URL), routeTo(origin.URL)}
		o.Routes[1].PathPrefix = "/private"
	})
	for _, target := range []string{"/private#x", "/#", "/x?y=1#z", "http://a/private#x"} {
		c := dialWire(t, f.addr)
		c.send("GET " + target + " HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n")
		if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 400 ") {
			t.Errorf("%s is answered %q", target, head)
		}
	}
	if n := f.count(t, "holdfast_request_failures_total", "bad_request"); n != 4 {
		t.Errorf("%v are counted", n)
	}
}
