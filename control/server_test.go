package control_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control"
)

// serve runs a handler's server on a socket and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	start(t, h, l)
	return l.Addr().String()
}

// start runs a handler's server on l until the test ends.
func start(t *testing.T, h http.Handler, l net.Listener) *http.Server {
	t.Helper()
	s := control.NewServer(h, zap.NewNop())
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return s
}

// client is a connection that is written and read by hand.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

func newClient(t *testing.T, conn net.Conn) *client {
	t.Cleanup(func() { conn.Close() })
	return &client{conn, bufio.NewReader(conn)}
}

// send writes lines, which end in CR LF each.
func (c *client) send(t *testing.T, lines ...string) {
	t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		t.Fatal(err)
	}
}

// answer reads one answer and returns it as status and body.
func (c *client) answer(t *testing.T) (string, *http.Response) {
	t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, body), res
}

// want reads one answer and compares it.
func (c *client) want(t *testing.T, want string) *http.Response {
	t.Helper()
	got, res := c.answer(t)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	return res
}

// closed waits until the server has closed the connection.
func (c *client) closed(t *testing.T) {
	t.Helper()
	if b, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("the connection goes on with %q, %v", b, err)
	}
}

// publication is a publish request with a body of its own.
func publication(body string, header ...string) string {
	lines := append([]string{"POST /publish/ HTTP/1.1", "Host: localhost", fmt.Sprintf("Content-Length: %d", len(body))}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// batch is a publish body.
func batch(items ...string) string { return `{"items":[` + strings.Join(items, ",") + `]}` }

func TestOneConnectionCarriesManyRequests(t *testing.T) {
	e := newEnv(t)
	stream := e.follow(t, "c")
	c := dial(t, serve(t, e))
	good, bad := publication(batch(streamItem("c", "x"))), publication("{")
	if _, err := io.WriteString(c, good+bad+good); err != nil {
		t.Fatal(err)
	}
	c.want(t, "200 Published\n")
	c.want(t, "400 Body is not valid JSON.\n")
	c.want(t, "200 Published\n")
	c.send(t, "GET /healthz HTTP/1.1", "Host: localhost", "")
	if res := c.want(t, "200 ok\n"); res.Close {
		t.Error("the connection is closed")
	}
	if got := read(t, stream); got != "xx" {
		t.Errorf("streams got %q", got)
	}
}

func TestHTTP10(t *testing.T) {
	body := batch(streamItem("c", "x"))
	c := dial(t, serve(t, newEnv(t)))
	c.send(t, "POST /publish/ HTTP/1.0", fmt.Sprintf("Content-Length: %d", len(body)), "", body)
	c.want(t, "200 Published\n")
	c.closed(t)
}

// T49 the other way: Pushpin answers 411.
func TestChunkedBodies(t *testing.T) {
	e := newEnv(t)
	stream := e.follow(t, "c")
	addr := serve(t, e)
	body := batch(streamItem("c", "x"))
	head := []string{"POST /publish/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", ""}
	c := dial(t, addr)
	c.send(t, append(head, "1", body[:1], fmt.Sprintf("%x;ext=1", len(body)-1), body[1:], "0", "Trailer: y", "")...)
	c.want(t, "200 Published\n")
	c = dial(t, addr)
	c.send(t, append(head, "0", "")...)
	c.want(t, "400 Body is not valid JSON.\n")
	c = dial(t, addr)
	c.send(t, append(head, "zz", body, "0", "")...)
	if got, res := c.answer(t); !strings.HasPrefix(got, "400 The request body is broken: ") || !res.Close {
		t.Errorf("%q, closed %t", got, res.Close)
	}
	c.closed(t)
	if got := read(t, stream); got != "x" {
		t.Errorf("streams got %q", got)
	}
}

func TestContinueIsSentOnlyForBodiesThatAreTaken(t *testing.T) {
	e := newEnv(t, func(o *control.Options) { o.MaxBody = 1000 })
	c := dial(t, serve(t, e))
	body := batch(streamItem("c", "x"))
	c.send(t, "POST /publish/ HTTP/1.1", "Host: localhost", "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", len(body)), "")
	c.want(t, "100 ")
	if _, err := io.WriteString(c, body); err != nil {
		t.Fatal(err)
	}
	c.want(t, "200 Published\n")
	c.send(t, "POST /publish/ HTTP/1.1", "Host: localhost", "Expect: 100-continue", "Content-Length: 1001", "")
	if res := c.want(t, "413 Request body too large: the limit is 1000 bytes.\n"); !res.Close {
		t.Error("the connection is kept, with a body that may come or not")
	}
}

// A client that writes everything before it reads sees the answer, and can go
// on with the connection.
func TestBodyOverTheLimit(t *testing.T) {
	const answer = "413 Request body too large: the limit is 4194304 bytes.\n"
	data := strings.Repeat("x", 16<<20)
	e := newEnv(t)
	stream := e.follow(t, "c")
	addr := serve(t, e)

	t.Run("with its length", func(t *testing.T) {
		c := dial(t, addr)
		if _, err := io.WriteString(c, publication(data)); err != nil {
			t.Fatal(err)
		}
		if res := c.want(t, answer); res.Close {
			t.Error("the connection is closed")
		}
		c.send(t, "GET /healthz HTTP/1.1", "Host: localhost", "")
		c.want(t, "200 ok\n")
	})
	t.Run("chunked", func(t *testing.T) {
		c := dial(t, addr)
		c.send(t, "POST /channels/c HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "",
			fmt.Sprintf("%x", len(data)), data, "0", "")
		c.want(t, answer)
	})
	t.Run("endless", func(t *testing.T) {
		c := dial(t, addr)
		c.send(t, "POST /channels/c HTTP/1.1", "Host: localhost", fmt.Sprintf("Content-Length: %d", 1<<40), "")
		if res := c.want(t, answer); !res.Close {
			t.Error("the connection is kept")
		}
	})
	t.Run("exactly the limit", func(t *testing.T) {
		c := dial(t, addr)
		c.send(t, "POST /channels/other HTTP/1.1", "Host: localhost", "Content-Length: 4194304", "", data[:4<<20-2])
		c.want(t, "200 Published\n")
	})
	if got := read(t, stream); got != "" {
		t.Errorf("streams got %d bytes", len(got))
	}
}

func TestContentCodings(t *testing.T) {
	e := newEnv(t)
	body := batch(streamItem("c", "x"))
	for coding, taken := range map[string]bool{"": true, "identity": true, "gzip": false, "br": false, "identity, gzip": false} {
		q := request{method: "POST", path: "/publish/", body: body, header: http.Header{"Content-Encoding": {coding}},
			status: 200, answer: "Published\n"}
		if !taken {
			q.status, q.answer = 415, "*"
		}
		w := q.check(t, e)
		if got := w.Header().Get("Accept-Encoding"); (got == "identity") == taken {
			t.Errorf("%q: Accept-Encoding %q", coding, got)
		}
	}
}

func TestShapesThatTheServerRefuses(t *testing.T) {
	body := batch(streamItem("c", "x"))
	length := fmt.Sprintf("Content-Length: %d", len(body))
	tests := []struct {
		name string
		head []string
		want string // beginning of the answer
	}{
		{"no host", []string{"POST /publish/ HTTP/1.1", length}, "400 "},
		{"two hosts", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "Host: localhost", length}, "400 "},
		{"two lengths", []string{"POST /publish/ HTTP/1.1", "Host: localhost", length, "Content-Length: 3"}, "400 "},
		{"a negative length", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "Content-Length: -1"}, "400 "},
		{"an unknown transfer coding", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: gzip"}, "501 "},
		{"a space before the colon", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "Content-Length : 5"}, "400 "},
		{"a header without a colon", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "nonsense"}, "400 "},
		{"a header too large", []string{"POST /publish/ HTTP/1.1", "Host: localhost", "X: " + strings.Repeat("x", 80<<10)}, "431 "},
		{"another protocol", []string{"PUBLISH news"}, "400 "},
	}
	e := newEnv(t)
	stream := e.follow(t, "c")
	addr := serve(t, e)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, addr)
			c.send(t, append(tt.head, "", body)...)
			if got, _ := c.answer(t); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q", got)
			}
		})
	}
	if got := read(t, stream); got != "" {
		t.Errorf("streams got %q", got)
	}
}

// With a length and chunks, chunks count (RFC 9112 §6.3), and the connection
// ends, so that there is nothing to smuggle a second request in.
func TestLengthAndChunks(t *testing.T) {
	e := newEnv(t)
	stream := e.follow(t, "c")
	c := dial(t, serve(t, e))
	smuggled := publication(batch(streamItem("c", "smuggled")))
	c.send(t, "POST /publish/ HTTP/1.1", "Host: localhost", fmt.Sprintf("Content-Length: %d", len(smuggled)+5),
		"Transfer-Encoding: chunked", "", "0", "", smuggled)
	c.want(t, "400 Body is not valid JSON.\n")
	c.closed(t)
	if got := read(t, stream); got != "" {
		t.Errorf("streams got %q", got)
	}
}

func TestClientThatVanishesPublishesNothing(t *testing.T) {
	e := newEnv(t)
	stream := e.follow(t, "c")
	c := dial(t, serve(t, e))
	request := publication(batch(streamItem("c", "x")))
	if _, err := io.WriteString(c, request[:len(request)-1]); err != nil {
		t.Fatal(err)
	}
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.want(t, "400 The request body is broken: unexpected EOF.\n")
	if got := read(t, stream); got != "" {
		t.Errorf("streams got %q", got)
	}
}

func TestShutdownAnswersWhatIsUnderWay(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := newEnv(t)
	s := start(t, e, l)
	c := dial(t, l.Addr().String())
	body := batch(streamItem("c", "x"))
	c.send(t, "POST /publish/ HTTP/1.1", "Host: localhost", "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", len(body)), "")
	c.want(t, "100 ") // so the handler runs
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	for { // until the listener is closed
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	if _, err := io.WriteString(c, body); err != nil {
		t.Fatal(err)
	}
	c.want(t, "200 Published\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// pipes is a listener whose connections are in memory, for fake time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestSlowClientsAreCutOff(t *testing.T) {
	tests := []struct {
		name  string
		sent  string
		after time.Duration
		want  string // beginning of what the server still says, empty for whatever
	}{
		{"in the request line", "POST /pub", 10 * time.Second, ""},
		{"in the headers", "POST /publish/ HTTP/1.1\r\nHost: local", 10 * time.Second, ""},
		{"in the body", "POST /publish/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{", time.Minute,
			"HTTP/1.1 408 Request Timeout\r\n"},
		{"between requests", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 2 * time.Minute, "HTTP/1.1 200 OK\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pipes{make(chan net.Conn), make(chan struct{})}
				start(t, newEnv(t), l)
				ours, theirs := net.Pipe()
				c := newClient(t, ours)
				l.conns <- theirs
				begin := time.Now()
				if _, err := io.WriteString(c, tt.sent); err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(c)
				if !strings.HasPrefix(string(got), tt.want) {
					t.Errorf("got %q", got)
				}
				if took := time.Since(begin).Round(time.Second); took != tt.after {
					t.Errorf("cut off after %v, want %v", took, tt.after)
				}
			})
		})
	}
}
