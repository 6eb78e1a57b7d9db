package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTargetsPassByteForByte(t *testing.T) {
	lines := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		line, _, _ := strings.Cut(readHead(r), "\r\n")
		lines <- line
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	f := newFront(t, to(origin))
	for _, target := range []string{
		"/", "/?", "/??", "/a%2Fb%2fc", "/%41", "//", "//a//b", "/a/../b/./c", "/a;b=c", "/?a;b&c=%zz&&=", "/?a=1?b%23c",
		"/a|b{c}^\"<>`\\", "/é", "/a:b@c", "/*", "/%00", "/?%00", "/a%20b+c", "/http://x/y", "//a%2Fb?x",
	} {
		t.Run(target, func(t *testing.T) {
			c := dialWire(t, f.addr)
			c.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n")
			c.head()
			if got := within(t, lines, "origin reads"); got != "GET "+target+" HTTP/1.1" {
				t.Errorf("origin got %q", got)
			}
		})
	}
}

func TestRewrittenPrefix(t *testing.T) {
	tests := []struct{ prefix, rewrite, path, want string }{
		{"/api", "", "/api/x", "/api/x"},
		{"/api", "/", "/api", "/"},
		{"/api", "/", "/api/", "/"},
		{"/api", "/", "/api/x", "/x"},
		{"/api", "/", "/api//x", "//x"},
		{"/api/", "/", "/api/x", "/x"},
		{"/api", "/v2", "/api", "/v2"},
		{"/api", "/v2", "/api/x", "/v2/x"},
		{"/api", "/v2/", "/api/x", "/v2/x"},
		{"/", "/v2", "/x", "/v2/x"},
		{"/", "/v2", "/", "/v2/"},
	}
	for _, tt := range tests {
		rt := &route{Route: Route{PathPrefix: tt.prefix, RewritePrefix: tt.rewrite}}
		if got := rt.originPath(tt.path); got != tt.want {
			t.Errorf("%s for %s: %s becomes %s, want %s", tt.rewrite, tt.prefix, tt.path, got, tt.want)
		}
	}
}

// FuzzTarget checks that what net/http takes as a request target goes out as
// it came.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{"/", "//x", "/a%2fb?q", "http://h/p?q", "/a|b??", "/?#"} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n")))
		if err != nil || !strings.HasPrefix(r.RequestURI, "/") || strings.HasPrefix(r.RequestURI, "//") {
			return
		}
		u := &url.URL{Scheme: "http", Host: "o", ForceQuery: r.URL.ForceQuery}
		setTarget(u, r.URL, rawPath(r))
		if u.RequestURI() != r.RequestURI {
			t.Errorf("%q goes out as %q", r.RequestURI, u.RequestURI())
		}
	})
}
