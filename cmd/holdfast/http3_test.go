package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/quic-go/quic-go/http3"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// over3 serves a file over HTTP/3, and returns a client for that.
func over3(t *testing.T, file string) (*server, *http.Client) {
	t.Helper()
	a := certstest.NewAuthority(t, "a")
	s := startServer(t, file+"\ntls: {listen: ['127.0.0.1:0'], http3: true, certificates: [{"+pairYAML(t, t.TempDir(), a.Issue(t, "127.0.0.1"))+"}]}\n")
	transport := &http3.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}}
	t.Cleanup(func() { transport.Close() })
	return s, &http.Client{Transport: transport}
}

// edges is a route with all that is decided about a request before an origin is asked.
func edges(origin string) string {
	return `
limits: {streams_per_address: 1}
server: {max_body: 1KiB, body_timeout: 200ms}
routes:
  - {path_prefix: /events, tokens: {keys: [` + tokenSecret + `]}, cors: {origins: ["https://app.example"]}}
  - {path_prefix: /, origins: ["` + origin + `"], check_origin: true, cors: {origins: ["https://app.example"], credentials: true}}
`
}

// TestRefusalsOverHTTP3: all of them can be read by the page, and are those of HTTP/1.1.
func TestRefusalsOverHTTP3(t *testing.T) {
	origin := startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			holding().ServeHTTP(w, r)
		}
	}))
	s, client := over3(t, edges(origin))
	follow(t, client, s.secureURL+"/stream?channel=a", "")
	slow, more := io.Pipe()
	t.Cleanup(func() { more.Close() })
	tests := []struct {
		name, method, path string
		body               io.Reader
		header             http.Header
		status             int
		allowed            string
	}{
		{"an EventSource too many", "GET", "/stream?channel=a", nil, http.Header{"Accept": {"text/event-stream"}}, 200, "https://app.example"},
		{"a stream too many", "GET", "/stream?channel=a", nil, nil, 429, "https://app.example"},
		{"no token", "GET", "/events", nil, nil, 401, "https://app.example"},
		{"a bad token", "GET", "/events?token=a.b.c", nil, nil, 401, "https://app.example"},
		{"a body of unknown length that is too long", "POST", "/stream", io.MultiReader(strings.NewReader(strings.Repeat("x", 2000))), nil, 413, "https://app.example"},
		{"a body that is known to be too long", "POST", "/stream", strings.NewReader(strings.Repeat("x", 2000)), nil, 413, "https://app.example"},
		{"a body that does not come", "POST", "/stream", slow, nil, 408, "https://app.example"},
		{"another site's page with cookies", "GET", "/stream", nil, http.Header{"Cookie": {"a=b"}, "Origin": {"https://evil.example"}}, 403, ""},
		{"a preflight of another site", "OPTIONS", "/stream", nil, http.Header{"Access-Control-Request-Method": {"PUT"}, "Origin": {"https://evil.example"}}, 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, s.secureURL+tt.path, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", "https://app.example")
			for name, values := range tt.header {
				r.Header[name] = values
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.status || resp.ProtoMajor != 3 || resp.Header.Get("Access-Control-Allow-Origin") != tt.allowed {
				t.Errorf("%s %s %v", resp.Proto, resp.Status, resp.Header)
			}
			if !strings.Contains(strings.Join(resp.Header["Vary"], ","), "Origin") {
				t.Errorf("Vary: %v", resp.Header["Vary"])
			}
			if text, err := io.ReadAll(resp.Body); err != nil || tt.status == 200 && !strings.HasPrefix(string(text), "retry: ") {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

// TestAStreamOverHTTP3GivesItsPlaceBack, is revoked, and drains.
func TestAStreamOverHTTP3GivesItsPlaceBack(t *testing.T) {
	s, client := over3(t, edges(startOrigin(t, holding()))+"drain: {window: 100ms}\n")
	url := s.secureURL + "/stream?channel=a"
	first := follow(t, client, url, "")
	if b := subscribe(t, client, url, "").next(); b.retry == "" {
		t.Errorf("one too many got %+v", b)
	}
	s.holds(1) // the head of an answer comes a moment before
	s.revoke(`{"channel":"a","for":"0s"}`)
	if b := first.next(); b.event != "end" {
		t.Errorf("revoked, it got %+v", b)
	}
	// Its end is read a moment before its place is given back.
	var second *subscriber
	eventually(t, "there is room again", func() bool {
		second = subscribe(t, client, url, "")
		return second.next().comment == "welcome"
	})
	s.revoke(`{"channel":"a","for":"1h"}`)
	second.next()
	eventually(t, "whoever is revoked is told to stay away", func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Origin", "https://app.example")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusNoContent && resp.Header.Get("Access-Control-Allow-Origin") != ""
	})
	last := follow(t, client, s.secureURL+"/stream?channel=b", "")
	s.signal()
	for _, ended := range []*subscriber{first, second, last} {
		if _, err := io.ReadAll(ended.response.Body); err != nil {
			t.Errorf("a stream ended with %v", err)
		}
	}
	<-s.ended
}
