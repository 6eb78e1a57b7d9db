package bench_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// secure serves streams over TLS, and counts the connections.
type secure struct {
	mu    sync.Mutex
	conns map[string]bool // by the client's address
}

func startSecure(t *testing.T) (*secure, string) {
	t.Helper()
	s := &secure{conns: map[string]bool{}}
	server := httptest.NewUnstartedServer(s)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *secure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/page" {
		w.Write([]byte("hello"))
		return
	}
	s.mu.Lock()
	s.conns[r.RemoteAddr] = true
	s.mu.Unlock()
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestStreamsOverTLSAreCountedByTheirConnections(t *testing.T) {
	for name, tt := range map[string]struct{ http2, conns int }{
		"HTTP/1.1":                  {0, 7},
		"HTTP/2, one a connection":  {1, 7},
		"HTTP/2, three":             {3, 3},
		"HTTP/2, more than are":     {100, 1},
		"HTTP/2, as many as can be": {7, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server, url := startSecure(t)
			cfg := scenario(t, "connect")
			cfg.URL, cfg.Streams, cfg.HTTP2, cfg.Insecure = url, 7, tt.http2, true
			r := measure(t, cfg)
			if r.Connect.Opened != 7 || len(server.conns) != tt.conns {
				t.Errorf("%+v, %d connections, want %d", r.Connect, len(server.conns), tt.conns)
			}
		})
	}
}

func TestACertificateIsCheckedUnlessToldOtherwise(t *testing.T) {
	_, url := startSecure(t)
	for _, http2 := range []int{0, 2} {
		cfg := scenario(t, "connect")
		cfg.URL, cfg.Streams, cfg.HTTP2 = url, 2, http2
		if _, err := bench.Measure(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%d: error %v", http2, err)
		}
	}
}

func TestAnAnswerIsNoStreamUnlessToldOtherwise(t *testing.T) {
	_, url := startSecure(t)
	for _, http2 := range []int{0, 2} {
		cfg := scenario(t, "connect")
		cfg.URL, cfg.Streams, cfg.HTTP2, cfg.Insecure = url+"/page", 4, http2, true
		if _, err := bench.Measure(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "not a stream: Content-Length 5 (4)") {
			t.Errorf("%d: error %v", http2, err)
		}
		cfg.Answers = true
		if r := measure(t, cfg); r.Connect.Opened != 4 {
			t.Errorf("%d: %+v", http2, r.Connect)
		}
	}
}
