package proxy

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestEveryProtocolKnowsPagesOfOtherSites(t *testing.T) {
	rt := routeTo(paths(t))
	rt.CORS.Origins, rt.CheckOrigin = []string{"https://a.test"}, true
	s := newStation(t, func(o *stationOptions) { o.Routes = []Route{rt} })
	for name, to := range s.ways(t) {
		tests := []struct {
			name, method, origin string
			status               int
			allowed              string
		}{
			{"a preflight", http.MethodOptions, "https://a.test", http.StatusNoContent, "https://a.test"},
			{"a preflight of another page", http.MethodOptions, "https://evil.test", http.StatusForbidden, ""},
			{"a page of the list", http.MethodHead, "https://a.test", http.StatusOK, "https://a.test"},
			{"an own page", http.MethodHead, to.url, http.StatusOK, ""},
			{"a foreign page", http.MethodHead, "https://evil.test", http.StatusForbidden, ""},
		}
		for _, tt := range tests {
			t.Run(name+", "+tt.name, func(t *testing.T) {
				req, err := http.NewRequestWithContext(t.Context(), tt.method, to.url+"/events?channel=ch", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Origin", tt.origin)
				if tt.method == http.MethodOptions {
					req.Header.Set("Access-Control-Request-Method", http.MethodGet)
				} else {
					req.Header.Set("Cookie", "session=1")
				}
				resp, err := to.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != tt.status || got != tt.allowed {
					t.Errorf("%s, allowed %q", resp.Status, got)
				}
				if vary := resp.Header.Get("Vary"); !strings.HasPrefix(vary, "Origin") {
					t.Errorf("Vary is %q", vary)
				}
			})
		}
	}
}

func TestARouteForNobodysPagesIsRefused(t *testing.T) {
	rt := routeTo("http://origin.test")
	rt.CORS.Origins = []string{"a.test"}
	if _, err := New(Options{Routes: []Route{rt}, Log: zap.NewNop()}); err == nil || !strings.Contains(err.Error(), "has no scheme") {
		t.Errorf("got %v", err)
	}
}
