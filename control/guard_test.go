package control_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
)

// withTokens lets the bearers of tokens do everything.
func withTokens(tokens ...string) func(*control.Options) {
	return checking(access.Options{Tokens: everything(tokens...)})
}

// everything are tokens without a bound.
func everything(texts ...string) []access.Token {
	tokens := make([]access.Token, len(texts))
	for i, text := range texts {
		tokens[i] = access.Token{Text: text, Grant: access.Everything("control.tokens")}
	}
	return tokens
}

// withAccess lets the bearers of tokens, which are the names of the terms, do what
// the terms say.
func withAccess(terms ...access.Terms) func(*control.Options) {
	var o access.Options
	for _, t := range terms {
		o.Tokens = append(o.Tokens, access.Token{Text: t.Name, Grant: access.NewGrant(t)})
	}
	return checking(o)
}

func checking(a access.Options) func(*control.Options) {
	checker, err := access.New(a)
	if err != nil {
		panic(err)
	}
	return func(o *control.Options) { o.Access = checker }
}

func TestTokens(t *testing.T) {
	tests := []struct {
		name          string
		authorization []string
		ok            bool
	}{
		{"the first token", []string{"Bearer one"}, true},
		{"the second token", []string{"Bearer two-two"}, true},
		{"the scheme has no case", []string{"bEARER one"}, true},
		{"several spaces", []string{"Bearer   one"}, true},
		{"no token", nil, false},
		{"an empty token", []string{"Bearer "}, false},
		{"the scheme alone", []string{"Bearer"}, false},
		{"another token", []string{"Bearer three"}, false},
		{"the beginning of a token", []string{"Bearer on"}, false},
		{"a token in other case", []string{"Bearer ONE"}, false},
		{"the token as basic password", []string{"Basic OnBhc3M="}, false},
		{"the token without a scheme", []string{"one"}, false},
		{"two headers", []string{"Bearer one", "Bearer one"}, false},
	}
	e := newEnv(t, withTokens("one", "two-two"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := request{method: "GET", path: "/", status: 200, answer: "Holdfast API\n"}
			q.header = http.Header{"Authorization": tt.authorization}
			if !tt.ok {
				q.status, q.answer = 401, "A valid token is needed: Authorization: Bearer TOKEN.\n"
			}
			w := q.check(t, e)
			if got := w.Header().Get("WWW-Authenticate"); (got == "") != tt.ok || !tt.ok && !strings.HasPrefix(got, "Bearer") {
				t.Errorf("WWW-Authenticate: %q", got)
			}
		})
	}
}

func TestWhichPathsNeedAToken(t *testing.T) {
	e := newEnv(t, withTokens("secret"), func(o *control.Options) { o.Profiling = true })
	for path, open := range map[string]bool{
		"/": false, "/publish": false, "/publish/": false, "/recover/": false, "/channels": false, "/channels/a": false,
		"/metrics": false, "/openapi.yaml": false, "/debug/pprof/": false, "/debug/pprof/heap": false, "/nothing": false,
		"/healthz": true, "/readyz": true,
	} {
		status := 401
		if open {
			status = 200
		}
		request{method: "GET", path: path, status: status, answer: "*"}.check(t, e)
	}
	request{
		method: "GET", path: "/", header: accepts("application/json"),
		status: 401, answer: `{"message":"A valid token is needed: Authorization: Bearer TOKEN."}` + "\n",
	}.check(t, e)
}

func TestATokenAdmitsForeignHostsAndOrigins(t *testing.T) {
	e := newEnv(t, withTokens("secret"))
	request{method: "GET", path: "/", status: 200, answer: "*", header: http.Header{
		"Host": {"control.example.com"}, "Origin": {"https://example.com"}, "Authorization": {"Bearer secret"},
	}}.check(t, e)
}

func TestWithoutATokenWebPagesAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		host   string
		origin string
		ok     bool
	}{
		{"localhost", "localhost:5561", "", true},
		{"localhost without a port", "localhost", "", true},
		{"localhost in capitals with a dot", "LocalHost.:5561", "", true},
		{"a name below localhost", "holdfast.localhost:5561", "", true},
		{"an IPv4 loopback address", "127.0.0.1:5561", "", true},
		{"another IPv4 loopback address", "127.8.9.1", "", true},
		{"the IPv6 loopback address", "[::1]:5561", "", true},
		{"the IPv6 loopback address without a port", "[::1]", "", true},
		{"the listener's own address", "192.0.2.7:5561", "", true},
		{"the listener's own address, mapped", "[::ffff:192.0.2.7]:5561", "", true},
		{"no host, as HTTP/1.0 has it", "", "", true},
		{"another address", "192.0.2.8:5561", "", false},
		{"a foreign name", "evil.example:5561", "", false},
		{"a name that begins like ours", "localhost.evil.example", "", false},
		{"a name that ends like ours", "notlocalhost", "", false},
		{"a name with our address in it", "127.0.0.1.evil.example", "", false},
		{"a page's request", "127.0.0.1:5561", "https://evil.example", false},
		{"a page of a file", "127.0.0.1:5561", "null", false},
		{"a page of ours", "127.0.0.1:5561", "http://127.0.0.1:5561", false},
	}
	e := newEnv(t)
	c := e.follow(t, "c")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/channels/c", strings.NewReader("x"))
			r.Host = tt.host
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 5561}
			ctx := context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local))
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r.WithContext(ctx))
			if tt.ok != (w.Code == 200) || !tt.ok && w.Code != 403 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if !tt.ok && !strings.Contains(w.Body.String(), "control.tokens") {
				t.Errorf("no remedy in %q", w.Body)
			}
			if got := read(t, c); (got != "") != tt.ok {
				t.Errorf("published %q", got)
			}
		})
	}
}
