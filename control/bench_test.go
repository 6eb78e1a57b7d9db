package control_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkPublish is a publish request without its socket.
func BenchmarkPublish(b *testing.B) {
	for _, items := range []int{1, 100} {
		b.Run(fmt.Sprintf("items=%d", items), func(b *testing.B) {
			all := make([]string, items)
			for i := range all {
				all[i] = streamItem(fmt.Sprintf("user-%d", i), "data: "+strings.Repeat("x", 100)+"\n\n")
			}
			body := batch(all...)
			e := newEnv(b)
			r := httptest.NewRequest("POST", "/publish/", nil)
			r.Host = "127.0.0.1:5561"
			r.ContentLength = int64(len(body))
			reader := strings.NewReader(body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				reader.Reset(body)
				r.Body = nopCloser{reader}
				e.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
}

// nopCloser is a body that needs no closing.
type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }
