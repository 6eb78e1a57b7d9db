package control_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
)

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// publisherOf returns what publishes body, by a request without its socket.
func publisherOf(e *env, body string, header http.Header) (publish func()) {
	r := httptest.NewRequest("POST", "/publish/", nil)
	r.Host = "127.0.0.1:5561"
	r.ContentLength = int64(len(body))
	for name, values := range header {
		r.Header[name] = values
	}
	reader := strings.NewReader(body)
	return func() {
		reader.Reset(body)
		r.Body = nopCloser{reader}
		e.ServeHTTP(discard{http.Header{}}, r)
	}
}

func BenchmarkPublish(b *testing.B) {
	bound := access.Terms{Name: "n", Rights: access.Publish, Channels: only(b, "news", "user-*"), PerSecond: 1 << 30}
	for _, items := range []int{1, 100} {
		all := make([]string, items)
		for i := range all {
			all[i] = streamItem(fmt.Sprintf("user-%d", i), "data: "+strings.Repeat("x", 100)+"\n\n")
		}
		body := batch(all...)
		run := func(name string, header http.Header, edits ...func(*control.Options)) {
			b.Run(fmt.Sprintf("items=%d%s", items, name), func(b *testing.B) {
				publish := publisherOf(newEnv(b, edits...), body, header)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					publish()
				}
			})
		}
		run("", nil)
		run("/access", bearer("n"), withAccess(bound))
	}
}

// nopCloser is a body that needs no closing.
type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }
