package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// breaker is an origin that keeps connections, and ends one when it is asked for
// something on it that is to break.
type breaker struct {
	url    string
	breaks func(target string, first bool) bool // first: on the connection
	asked  atomic.Int32                         // for what broke
	warm   sync.WaitGroup                       // who is asked for /warm waits for others
}

// newBreaker starts one to which n connections are idle: those of f.
func newBreaker(t *testing.T, n int, breaks func(target string, first bool) bool) (b *breaker, f *front) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b = &breaker{url: "http://" + l.Addr().String(), breaks: breaks}
	b.warm.Add(n)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	f = newFront(t, to(b.url))
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { get(t, client(t), f.url+"/warm") })
	}
	wg.Wait()
	f.waitIdle(t)
	return b, f
}

func (b *breaker) serve(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(c)
	for first := true; ; first = false {
		head := readHead(r)
		if head == "" {
			return
		}
		target := strings.Fields(head)[1]
		if b.breaks(target, first) {
			b.asked.Add(1)
			return
		}
		if target == "/warm" {
			b.warm.Done()
			b.warm.Wait()
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// waitIdle waits until no request has a place at an origin. The transport has its
// connection back a moment before.
func (f *front) waitIdle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); f.count(t, "holdfast_origin_requests_active") > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("requests are still under way")
		}
	}
}

func TestARequestThatBreaksConnectionsIsSentNoMoreThanOnceAgain(t *testing.T) {
	tests := []struct {
		method, key string
		want        int32
	}{
		{http.MethodGet, "", 2},
		{http.MethodOptions, "", 2},
		{http.MethodGet, "k", 2},
		{http.MethodPost, "", 1},
		{http.MethodPost, "k", 1},
		{http.MethodDelete, "k", 1},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.key, func(t *testing.T) {
			b, f := newBreaker(t, 8, func(target string, _ bool) bool { return target == "/boom" })
			req, err := http.NewRequest(tt.method, f.url+"/boom", nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.key != "" {
				req.Header.Set("Idempotency-Key", tt.key)
			}
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := b.asked.Load(); resp.StatusCode != http.StatusBadGateway || got != tt.want {
				t.Errorf("got %s, the origin was asked %d times, want %d", resp.Status, got, tt.want)
			}
			if got := f.count(t, "holdfast_origin_retries_total"); got != float64(tt.want-1) {
				t.Errorf("%v retries are counted", got)
			}
		})
	}
}

// An origin that forgets connections, without a word, ends each when it is used again.
func TestARequestIsSentAgainOnAConnectionOfItsOwn(t *testing.T) {
	b, f := newBreaker(t, 8, func(_ string, first bool) bool { return !first })
	if resp, body := get(t, client(t), f.url+"/other"); resp.StatusCode != http.StatusOK || body != "ok" {
		t.Errorf("got %s %q", resp.Status, body)
	}
	if got := b.asked.Load(); got != 1 {
		t.Errorf("%d connections were used up", got)
	}
}

// What is written to a connection that had ended before has reached nobody.
func TestWritesAfterTheEndOfAConnectionAreNoRequests(t *testing.T) {
	near, far := net.Pipe()
	conn := &originConn{Conn: near}
	var a attempt
	a.got(conn)
	far.Close()
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Fatal(err)
	}
	conn.Write([]byte("GET"))
	if a.sent() {
		t.Error("counts as sent")
	}
	near, far = net.Pipe()
	go far.Read(make([]byte, 3))
	conn = &originConn{Conn: near}
	a.got(conn)
	if conn.Write([]byte("GET")); !a.sent() {
		t.Error("does not count as sent")
	}
}
