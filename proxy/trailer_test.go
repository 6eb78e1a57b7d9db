package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// A trailer carries what is known at the end of a body, and nothing by which whoever
// merges it into the head would be misled.
func TestATrailerHasNothingThatOnlyAHeadMaySay(t *testing.T) {
	const last = "X-Last: 1\r\n\r\n"
	got := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		got <- readTrailer(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTrailer: Set-Cookie, Grpc-Status, X-Inside\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"+
			"Content-Length: 7\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nVia: x\r\nLocation: /x\r\nWWW-Authenticate: Basic\r\nX-Inside: s\r\nGrip-Hold: stream\r\n"+
			"Grpc-Status: 0\r\nGrpc-Message: ok\r\nServer-Timing: db\r\nETag: \"a\"\r\nDigest: d\r\n"+last)
	})
	f := newFront(t, func(o *Options) {
		rt := routeTo(origin)
		rt.Request.Set = []Field{{"X-Key", "k"}}
		rt.Response.Remove = []string{"x-inside"}
		o.Routes = []Route{rt}
	})
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTrailer: Authorization, X-Sum, X-Key\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" +
		"Content-Length: 5\r\nContent_Length: 5\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nX-Forwarded-For: 9.9.9.9\r\nX_Forwarded_Proto: https\r\n" +
		"Forwarded: for=x\r\nAuthorization: Basic x\r\nCookie: a=b\r\nIf-Match: x\r\nVia: x\r\nX-Key: forged\r\nGrip-Sig: forged\r\n" +
		"X-Sum: 1\r\nDigest: d\r\nx_sum: 2\r\n" + last)
	wantFields(t, "the origin", within(t, got, "the origin reads"), "X-Sum: 1", "Digest: d", "X_sum: 2", "X-Last: 1")
	if head := c.head(); !strings.Contains(head, "Trailer: Grpc-Status\r\n") {
		t.Errorf("announced is more, or less: %q", head)
	}
	wantFields(t, "the client", readTrailer(c.r), "Grpc-Status: 0", "Grpc-Message: ok", "Server-Timing: db", `Etag: "a"`, "Digest: d", "X-Last: 1")
}

// readTrailer reads a chunked body, and returns the fields behind it.
func readTrailer(r *bufio.Reader) string {
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "0\r\n" {
			return readHead(r)
		}
	}
}

func wantFields(t *testing.T, who, got string, fields ...string) {
	t.Helper()
	for _, field := range fields {
		if !strings.Contains("\r\n"+got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not told %q, but %q", who, field, got)
		}
	}
	if n := strings.Count(got, "\r\n"); n != len(fields) {
		t.Errorf("%s is told %d fields, want %d: %q", who, n, len(fields), got)
	}
}
