package proxy

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// encode applies codings in order.
func encode(t testing.TB, s string, codings ...string) string {
	t.Helper()
	for _, coding := range codings {
		var b bytes.Buffer
		w := newEncoder(t, &b, coding)
		io.WriteString(w, s)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s = b.String()
	}
	return s
}

func newEncoder(t testing.TB, b *bytes.Buffer, coding string) io.WriteCloser {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewWriter(b)
	case "deflate":
		return zlib.NewWriter(b)
	case "bare deflate":
		w, _ := flate.NewWriter(b, 5)
		return w
	case "br":
		return brotli.NewWriter(b)
	case "zstd":
		w, err := zstd.NewWriter(b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	t.Fatal("no encoder for " + coding)
	return nil
}

func encoded(body string, contentEncoding ...string) *http.Response {
	h := http.Header{"Content-Encoding": contentEncoding, "Content-Length": {"7"}}
	return &http.Response{Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func TestDecodeBody(t *testing.T) {
	const text = "data: hello\n\n"
	zeros := strings.Repeat("\x00", 1<<20)
	tests := []struct {
		name   string
		resp   *http.Response
		want   string
		reason Reason
	}{
		{"no coding", encoded(text), text, ""},
		{"identity", encoded(text, "identity"), text, ""},
		{"gzip", encoded(encode(t, text, "gzip"), "GZIP"), text, ""},
		{"x-gzip", encoded(encode(t, text, "gzip"), "x-gzip"), text, ""},
		{"deflate in zlib format", encoded(encode(t, text, "deflate"), "deflate"), text, ""},
		{"deflate without the zlib format", encoded(encode(t, text, "bare deflate"), "deflate"), text, ""},
		{"brotli", encoded(encode(t, text, "br"), "br"), text, ""},
		{"zstd", encoded(encode(t, text, "zstd"), "zstd"), text, ""},
		{"a chain in one line", encoded(encode(t, text, "gzip", "br"), "gzip, br"), text, ""},
		{"a chain in two lines", encoded(encode(t, text, "zstd", "deflate"), "zstd", "deflate"), text, ""},
		{"an empty body of any coding", encoded("", "gzip"), "", ""},
		{"as much as the limit allows", encoded(strings.Repeat("x", 1000)), strings.Repeat("x", 1000), ""},
		{"one byte more", encoded(strings.Repeat("x", 1001)), "", BodyTooLarge},
		{"a bomb", encoded(encode(t, zeros, "zstd"), "zstd"), "", BodyTooLarge},
		{"a bomb in a bomb", encoded(encode(t, encode(t, zeros, "br"), "gzip"), "br, gzip"), "", BodyTooLarge},
		{"a middle layer full of nothing", encoded(encode(t, skippable(100_000), "gzip"), "zstd, gzip"), "", BodyTooLarge},
		{"an unknown coding", encoded(text, "rot13"), "", BadEncoding},
		{"too many codings", encoded(text, "gzip,gzip,gzip,gzip,gzip"), "", BadEncoding},
		{"not what it says", encoded(text, "gzip"), "", BadEncoding},
		{"content that ends early", encoded(encode(t, text, "gzip")[:20], "gzip"), "", BadEncoding},
		{"a connection that ends early", &http.Response{Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader("x"), cutReader{}))}, "", OriginCut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, f := decodeBody(tt.resp, 1000)
			if f != nil && f.reason != tt.reason || f == nil && tt.reason != "" {
				t.Fatalf("failure %v, want reason %q", f, tt.reason)
			}
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.resp.Header.Get("Content-Encoding") != "" || tt.resp.Header.Get("Content-Length") != "" {
				t.Errorf("header still describes the encoded body: %v", tt.resp.Header)
			}
		})
	}
}

// skippable returns n bytes in zstd frames that decode to nothing.
func skippable(n int) string {
	frame := "\x50\x2a\x4d\x18\x08\x00\x00\x00" + "12345678"
	return strings.Repeat(frame, n/len(frame))
}

type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, errors.New("reset") }

func FuzzDecodeBody(f *testing.F) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		f.Add(encode(f, "hello", coding), coding)
	}
	f.Add(encode(f, "hello", "gzip", "br"), "gzip, br")
	f.Fuzz(func(t *testing.T, body, codings string) {
		got, failed := decodeBody(encoded(body, codings), 4096)
		if failed != nil && got != nil {
			t.Error("content and a failure")
		}
		if len(got) > 4096 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
