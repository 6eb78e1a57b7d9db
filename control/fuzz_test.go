package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
)

// FuzzPublish sends arbitrary bodies: whatever comes, it is 200 or 400, and a
// refused batch leaves nothing behind, though its first item is good.
func FuzzPublish(f *testing.F) {
	for _, body := range []string{
		`{"items":[]}`, batch(streamItem("c", "x")), batch(streamItem("c", "x"), "{}"), "[]", "{", "", "null", `{"items":null}`,
		batch(`{"channel":"c","id":1}`), batch(`{"channel":"c","formats":{"sse":{"event":"a\nb"}}}`),
		batch(`{"channel":"\u0000","http-stream":{"content":"x"}}`), batch(`{"channel":"c","http-response":{"code":"1e3","body-bin":"="}}`),
		batch(`{"channel":"c","formats":{"sse":{"data":{"a":[1,2,null]},"retry":"1"}}}`),
	} {
		f.Add(body)
	}
	e := newEnv(f)
	f.Fuzz(func(t *testing.T, body string) {
		before := e.hub.Stats()
		w := post(body, 0, "").do(e)
		after := e.hub.Stats()
		switch w.Code {
		case http.StatusOK:
			if w.Body.String() != "Published\n" {
				t.Errorf("%q", w.Body)
			}
		case http.StatusBadRequest:
			if taken(after) != taken(before) {
				t.Errorf("a refused batch was applied in part")
			}
			if !strings.HasSuffix(w.Body.String(), "\n") || strings.Count(w.Body.String(), "\n") != 1 {
				t.Errorf("%q is not one line", w.Body)
			}
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// taken is how many items the hub has taken.
func taken(s channels.Stats) uint64 { return s.Published + s.Duplicates + s.Parked }

// FuzzTarget sends arbitrary request targets and headers.
func FuzzTarget(f *testing.F) {
	f.Add("GET", "/", "*/*", "localhost", "")
	f.Add("POST", "/channels/a%2Fb?event=x&id=1", "application/json;q=0.1", "[::1]:5561", "Bearer x")
	f.Add("GET", "/channels?limit=1&offset=2&prefix=%00", "", "127.0.0.1", "bearer  ")
	f.Add("DELETE", "/channels/%zz", ",;q=", "a:b:c", "Basic Og==")
	open, closed := newEnv(f), newEnv(f, withTokens("secret"))
	f.Fuzz(func(t *testing.T, method, target, accept, host, authorization string) {
		for _, e := range []*env{open, closed} {
			r, err := http.NewRequest(method, "http://x", strings.NewReader("x"))
			if err != nil {
				return
			}
			if r.URL, err = r.URL.Parse(target); err != nil {
				return
			}
			r.Host = host
			r.Header.Set("Accept", accept)
			r.Header.Set("Authorization", authorization)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code >= 500 || w.Code < 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			public := strings.HasPrefix(r.URL.Path, "/healthz") || strings.HasPrefix(r.URL.Path, "/readyz")
			if e == closed && w.Code < 400 && !public && !strings.Contains(authorization, "secret") {
				t.Errorf("%s %s is served without a token", method, target)
			}
		}
	})
}
