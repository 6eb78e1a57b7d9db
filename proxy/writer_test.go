package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// heads notes the status codes that reach net/http.
type heads struct {
	http.ResponseWriter
	codes []int
}

func (h *heads) WriteHeader(code int) { h.codes = append(h.codes, code) }

func TestContinueIsSaidOnce(t *testing.T) {
	for name, c := range map[string]struct {
		expect, body string
		want         int
	}{
		"net/http says it when the body is read": {"100-continue", "x", 0},
		"nobody else says it without a body":     {"100-continue", "", 1},
		"the client did not ask, the origin did": {"", "x", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("PUT", "/", strings.NewReader(c.body))
			r.Header.Set("Expect", c.expect)
			inner := &heads{ResponseWriter: httptest.NewRecorder()}
			newResponseWriter(inner, r).WriteHeader(http.StatusContinue)
			if len(inner.codes) != c.want {
				t.Errorf("%v reached the client, want %d of them", inner.codes, c.want)
			}
		})
	}
}
