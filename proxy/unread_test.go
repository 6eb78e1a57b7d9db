package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A body that nobody reads, and that never comes, keeps no connection: the answer does
// not wait for it, and the connection ends with that.
func TestABodyThatNeverComesKeepsNoConnection(t *testing.T) {
	s := guarded(t)
	s.handler.drainPatience = 10 * time.Millisecond
	_, ch := s.challenged(t, hourly, "alice/a")
	answer := func(secret string) string {
		return "POST " + hourly + " HTTP/1.1\r\nHost: a\r\nAuthorization: nobody\r\nContent-Type: " + answerType + "\r\n" + challengeField + ": " + secret + "\r\n"
	}
	tests := map[string]struct{ request, status string }{
		"a method that is refused":  {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n", "501"},
		"an answer to no challenge": {answer("x"), "404"},
		"an answer that is refused": {answer(ch.Headers[challengeField]), "401"},
	}
	for name, tt := range tests {
		for _, framing := range []string{"Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345"} {
			t.Run(name, func(t *testing.T) {
				c := dialWire(t, s.addr)
				c.send(tt.request + framing)
				head := c.head()
				if !strings.HasPrefix(head, "HTTP/1.1 "+tt.status) || !strings.Contains(head, "Connection: close\r\n") {
					t.Errorf("answered %q", head)
				}
				if _, err := c.rest(); err != nil {
					t.Errorf("then %v", err)
				}
			})
		}
	}
}

// Where nothing has a route the same holds.
func TestABodyWithoutARouteKeepsNoConnection(t *testing.T) {
	f := newFront(t, func(o *Options) {
		o.Routes = []Route{routeTo(newOrigin(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }).URL)}
		o.Routes[0].PathPrefix = "/here"
	})
	f.handler.drainPatience = 10 * time.Millisecond
	c := dialWire(t, f.addr)
	c.send("POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 404 ") {
		t.Errorf("answered %q", head)
	}
	if _, err := c.rest(); err != nil {
		t.Errorf("then %v", err)
	}
}
