package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Whoever asks, and whatever goes wrong, is not told which version of what
// answers. Via names Holdfast, as RFC 9110 §7.6.3 wants, and no version.
func TestNoAnswerTellsAVersion(t *testing.T) {
	s := startServer(t, `
routes: [{path_prefix: /down, origins: ["`+unusedURL+`"]}, {path_prefix: /up, origins: ["`+startOrigin(t, holding())+`"], rewrite_prefix: /}]
control: {tokens: [secret]}
`)
	control := strings.TrimPrefix(s.controlURL, "http://")
	tests := []struct{ name, address, request string }{
		{"a request without a route", s.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"an origin that is down", s.address, "GET /down HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"the same in JSON", s.address, "GET /down HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: application/json\r\n\r\n"},
		{"the head of a held stream", s.address, "HEAD /up/stream?channel=c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"a request that is malformed", s.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n bad\r\n\r\n"},
		{"a request that is no HTTP", s.address, "\x16\x03\x01\r\n\r\n"},
		{"a head that is too large", s.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"},
		{"a tunnel to somewhere else", s.address, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n"},
		{"a publisher without a token", control, "POST /publish/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{"metrics without a token", control, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"a probe", control, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
		{"a path of the control endpoint that is none", control, "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := rawAnswer(t, tt.address, tt.request)
			head, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
			if err != nil {
				t.Fatalf("%v: %q", err, answer)
			}
			if via := head.Header.Get("Via"); via != "" && via != "1.1 holdfast" {
				t.Errorf("Via is %q", via)
			}
			for _, name := range []string{"Server", "X-Powered-By"} {
				if v := head.Header.Get(name); v != "" {
					t.Errorf("%s is %q", name, v)
				}
			}
			for _, word := range []string{runtime.Version(), "net/http", "goroutine", "golang"} {
				if strings.Contains(string(answer), word) {
					t.Errorf("the answer has %q in it: %q", word, answer)
				}
			}
		})
	}
}

// rawAnswer sends bytes and returns what comes back until the connection ends.
func rawAnswer(t *testing.T, address, request string) []byte {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Logf("not all was taken: %v", err) // the answer may have come before
	}
	c.SetReadDeadline(time.Now().Add(goodTime))
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Logf("after %d bytes: %v", len(answer), err)
	}
	return answer
}
