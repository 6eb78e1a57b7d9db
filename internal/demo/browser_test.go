package demo_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/demo"
	"github.com/holdfast-proxy/holdfast/internal/demo/demotest"
	"github.com/holdfast-proxy/holdfast/internal/griptest"
)

func TestPage(t *testing.T) {
	demotest.Page(t, func(t testing.TB) string { return start(t).URL })
}

// start runs the demo behind a small proxy.
func start(t testing.TB) *griptest.Proxy {
	var origin http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { origin.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	proxy := griptest.Start(t, server.URL)
	origin = demo.New(demo.Options{ControlURL: proxy.ControlURL})
	return proxy
}
