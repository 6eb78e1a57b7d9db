package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOutcomesAreCounted(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cut":
			io.WriteString(w, "begin")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/endless":
			for r.Context().Err() == nil {
				w.Write(make([]byte, 64<<10))
			}
		case "/never":
			<-r.Context().Done()
		}
	})
	f := newFront(t, func(o *Options) {
		good, bad := routeTo(origin.URL), routeTo("http://"+unusedAddr)
		good.Host, good.Name, good.WriteTimeout = "good", "good", 50*time.Millisecond
		bad.Host, bad.Name = "bad", "bad"
		o.Routes = []Route{good, bad}
	})
	send := func(head string) *rawClient {
		c := dialWire(t, f.addr)
		c.send(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")
		return c
	}
	tests := []struct {
		name    string
		do      func()
		metric  string
		labels  []string
		reasons []string
	}{
		{"an answer", func() { send("GET / HTTP/1.1\nHost: good").head() },
			"holdfast_requests_total", []string{"good", "1.1", "relayed"}, nil},
		{"an answer in HTTP/1.0", func() { send("GET / HTTP/1.0\nHost: good").head() },
			"holdfast_requests_total", []string{"good", "1.0", "relayed"}, nil},
		{"an origin's result", func() {}, "holdfast_origin_requests_total", []string{"good", "answered"}, nil},
		{"an error", func() { send("GET / HTTP/1.1\nHost: bad").head() },
			"holdfast_requests_total", []string{"bad", "refused"}, []string{"bad", "origin_unreachable"}},
		{"an unreachable origin", func() {}, "holdfast_origin_requests_total", []string{"bad", "origin_unreachable"}, nil},
		{"a retry", func() { send("GET / HTTP/1.1\nHost: bad\nAccept: text/event-stream").head() },
			"holdfast_requests_total", []string{"bad", "retry"}, nil},
		{"no route", func() { send("GET / HTTP/1.1\nHost: ugly").head() },
			"holdfast_requests_total", []string{"(none)", "refused"}, []string{"(none)", "no_route"}},
		{"a cut answer", func() { send("GET /cut HTTP/1.1\nHost: good").rest() },
			"holdfast_requests_total", []string{"good", "cut"}, []string{"good", "origin_cut"}},
		{"a client that does not read", func() {
			c := send("GET /endless HTTP/1.1\nHost: good")
			c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		}, "holdfast_request_failures_total", []string{"good", "client_timeout"}, nil},
		{"a client that leaves", func() { send("GET /never HTTP/1.1\nHost: good").Close() },
			"holdfast_request_failures_total", []string{"good", "client_gone"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.do()
			f.waitCount(t, tt.metric, tt.labels...)
			if tt.reasons != nil {
				f.waitCount(t, "holdfast_request_failures_total", tt.reasons...)
			}
		})
	}
}

func TestRestOfAnAnsweredRequestIsNotWaitedFor(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
		<-done
	})
	f := newFront(t, to(origin))
	f.handler.drainPatience = time.Millisecond
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhi")
	if head := c.head(); !strings.Contains(head, "401") || !strings.Contains(head, "Connection: close\r\n") {
		t.Errorf("got %s", head)
	}
	if rest, err := c.rest(); rest != "" || err != nil {
		t.Errorf("after the answer %q, %v", rest, err)
	}
}
