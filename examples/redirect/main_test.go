package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheStreamMayBeReadByThePagesSite(t *testing.T) {
	tests := map[string]struct {
		origin, allowed, credentials string
	}{
		"the page's own site, also with credentials": {"http://localhost:8000", "http://localhost:8000", "true"},
		"another site, without credentials":          {"http://example.com", "*", ""},
		"a third site, which browsers do not name":   {"null", "*", ""},
		"a client that is no browser":                {"", "*", ""},
	}
	a := newAPI("http://localhost:8000", "http://127.0.0.1:7999", "")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodOptions} {
				r := httptest.NewRequest(method, "/setup?token="+a.issue("guest"), nil)
				r.Header.Set("Origin", tt.origin)
				w := httptest.NewRecorder()
				a.routes().ServeHTTP(w, r)
				h := w.Header()
				if h.Get("Access-Control-Allow-Origin") != tt.allowed || h.Get("Access-Control-Allow-Credentials") != tt.credentials || h.Get("Vary") != "Origin" {
					t.Errorf("%s: status %d, headers %v", method, w.Code, h)
				}
			}
		})
	}
}

func TestWithoutASessionOrATokenThereIsNoStream(t *testing.T) {
	a := newAPI("http://localhost:8000", "http://127.0.0.1:7999", "")
	for target, want := range map[string]int{"/live": 401, "/setup": 403, "/setup?token=x": 403} {
		w := httptest.NewRecorder()
		a.routes().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != want || w.Header().Get("Grip-Hold") != "" {
			t.Errorf("%s: status %d, headers %v", target, w.Code, w.Header())
		}
	}
}
