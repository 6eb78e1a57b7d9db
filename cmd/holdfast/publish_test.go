package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// controlEndpoint stands for a control endpoint with one answer.
type controlEndpoint struct {
	*httptest.Server
	status int
	answer string

	// what it was sent last
	path, body string
	header     http.Header
}

func newControlEndpoint(t *testing.T) *controlEndpoint {
	t.Helper()
	c := &controlEndpoint{status: http.StatusOK, answer: "Published\n"}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.path, c.body, c.header = r.Method+" "+r.URL.Path, string(body), r.Header
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(c.status)
		io.WriteString(w, c.answer)
	}))
	t.Cleanup(c.Close)
	t.Setenv("HOLDFAST_URL", c.URL)
	return c
}

func TestPublish(t *testing.T) {
	tests := []struct {
		name, stdin string
		args        []string
		body        string
	}{
		{"data from the command line", "ignored", []string{"news", "hi"},
			`{"items":[{"channel":"news","formats":{"sse":{"data":"hi"}}}]}`},
		{"data from standard input, without its last line break", "one\ntwo\n", []string{"news"},
			`{"items":[{"channel":"news","formats":{"sse":{"data":"one\ntwo"}}}]}`},
		{"empty data is data", "", []string{"news", ""},
			`{"items":[{"channel":"news","formats":{"sse":{"data":""}}}]}`},
		{"event and id", "", []string{"a/b c", `{"n": 1}`, "--event", "e", "--id", "7"},
			`{"items":[{"channel":"a/b c","id":"7","formats":{"sse":{"event":"e","id":"7","data":"{\"n\": 1}"}}}]}`},
		{"an item", "", []string{"--item", `{"channel":"c","formats":{}}`},
			`{"items":[{"channel":"c","formats":{}}]}`},
		{"several items from standard input", `{"items": []}`, []string{"--item", "-"},
			`{"items": []}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			endpoint := newControlEndpoint(t)
			got := command(t.Context(), tt.stdin, append([]string{"publish"}, tt.args...)...)
			if diff := cmp.Diff(result{stdout: "Published\n"}, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.body, endpoint.body); diff != "" || endpoint.path != "POST /publish/" {
				t.Error(endpoint.path, diff)
			}
		})
	}
}

func TestPublishSaysWhoItIsAndWhatItWants(t *testing.T) {
	endpoint := newControlEndpoint(t)
	endpoint.answer = `{"message": "Published"}`
	t.Setenv("HOLDFAST_URL", "http://127.0.0.1:1") // beaten by --url
	t.Setenv("HOLDFAST_TOKEN", "secret")
	got := command(t.Context(), "", "publish", "news", "hi", "--json", "--url", endpoint.URL+"/")
	if got.code != exitOK || got.stdout != endpoint.answer+"\n" {
		t.Errorf("%+v", got)
	}
	if endpoint.header.Get("Authorization") != "Bearer secret" || endpoint.header.Get("Accept") != "application/json" {
		t.Error(endpoint.header)
	}
}

func TestPublishFails(t *testing.T) {
	tests := []struct {
		name   string
		status int
		answer string
		args   []string
		want   string
	}{
		{"in the endpoint's own words", 400, "item 0: bad\n", []string{"news", "hi"}, "refused with 400 Bad Request: item 0: bad\n"},
		{"where the token would go elsewhere", 307, "", []string{"news", "hi"}, "refused with 307 Temporary Redirect: \n"},
		{"where nobody listens", 200, "", []string{"news", "hi", "--url", "http://127.0.0.1:1"}, "connection refused; start 'holdfast serve', or name its control endpoint by --url or HOLDFAST_URL\n"},
		{"with data that is no text", 200, "", []string{"news", "\xff"}, "the data is not UTF-8"},
		{"with an item that is no object", 200, "", []string{"--item", "[]"}, "the item is not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			endpoint := newControlEndpoint(t)
			endpoint.status, endpoint.answer = tt.status, tt.answer
			got := command(t.Context(), "", append([]string{"publish"}, tt.args...)...)
			if got.code != exitFailure || got.stdout != "" || !strings.Contains(got.stderr, tt.want) {
				t.Errorf("%+v, want exit code 1 and %q", got, tt.want)
			}
		})
	}
}
