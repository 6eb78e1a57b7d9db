package proxy

import (
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An origin behind CGI knows fields by names in which dashes and underscores are the
// same. It gets no word of the client's for ours.
func TestFieldsThatAnOriginWouldTakeForOursDoNotPass(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	origin := newOrigin(t, (&cgi.Handler{Path: script}).ServeHTTP)
	f := newFront(t, func(o *Options) {
		rt := routeTo(origin.URL)
		rt.Request = HeaderEdits{Set: []Field{{"X-Api-Key", "ours"}}, Remove: []string{"x-user"}}
		o.Routes = []Route{rt}
	})
	spoofed := []string{"X_Forwarded_For", "X-Forwarded_Host", "x_forwarded-proto", "X_Forwarded_Port", "Grip_Sig", "grip_feature", "X_Api_Key", "X_User"}
	fields := []string{"Session_ID", "own"}
	for _, name := range spoofed {
		fields = append(fields, name, "spoofed")
	}
	_, env := get(t, client(t), f.url, fields...)
	if strings.Contains(env, "spoofed") || !strings.Contains(env, "HTTP_X_API_KEY=ours") || !strings.Contains(env, "HTTP_SESSION_ID=own") {
		t.Errorf("the script runs with\n%s", env)
	}
}

// The Host that an origin gets is the one by which the route was found: HTTP/2 has
// room for another.
func TestTheHostOfAnHTTP2RequestIsItsAuthority(t *testing.T) {
	hosts := make(chan string, 1)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	f := newFront(t, func(o *Options) {
		o.Routes = []Route{routeTo(origin.URL)}
		o.Routes[0].Host = "public.example"
	})
	c := speakTo(t, f.addr)
	c.ask(1, "", ":method", "GET", ":scheme", "http", ":authority", "public.example", ":path", "/", "host", "private.example")
	if got := within(t, hosts, "the origin is asked"); got != "public.example" {
		t.Errorf("the origin is asked for %q", got)
	}
	c.ask(3, "", ":method", "GET", ":scheme", "http", ":authority", "private.example", ":path", "/", "host", "public.example")
	if got := c.outcome(3); got != "404" {
		t.Errorf("a route is found by the other host: %s", got)
	}
}
