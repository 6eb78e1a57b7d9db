package proxy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// socketOrigin starts an origin that takes up the extensions given, if any, and
// gives every WebSocket to serve.
func socketOrigin(t *testing.T, extensions string, serve func(c *websocket.Conn)) *httptest.Server {
	t.Helper()
	return newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if extensions != "" {
			w.Header().Set("Sec-WebSocket-Extensions", extensions)
		}
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"}})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		serve(c)
	})
}

// socket is a client of a WebSocket.
type socket struct {
	t *testing.T
	*websocket.Conn
	pings chan string // what came in pings
}

// openSocket connects through the proxy.
func (f *front) openSocket(t *testing.T, edit ...func(*websocket.DialOptions)) *socket {
	t.Helper()
	s, resp, err := f.dialSocket(t, edit...)
	if err != nil {
		t.Fatalf("%v (%v)", err, resp)
	}
	return s
}

func (f *front) dialSocket(t *testing.T, edit ...func(*websocket.DialOptions)) (*socket, *http.Response, error) {
	t.Helper()
	s := &socket{t: t, pings: make(chan string, 100)}
	o := &websocket.DialOptions{
		Subprotocols:   []string{"chat"},
		OnPingReceived: func(_ context.Context, p []byte) bool { s.pings <- string(p); return true },
	}
	for _, e := range edit {
		e(o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(f.url, "http")+"/ws?a=1", o)
	if err != nil {
		return nil, resp, err
	}
	c.SetReadLimit(64 << 20)
	t.Cleanup(func() { c.CloseNow() })
	s.Conn = c
	return s, resp, nil
}

// want reads a message of this type and content.
func (s *socket) want(kind websocket.MessageType, content string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	got, b, err := s.Read(ctx)
	if err != nil || got != kind || string(b) != content {
		s.t.Fatalf("read %v %.100q (%v), want %v %.100q", got, b, err, kind, content)
	}
}

// wantText reads a text message.
func (s *socket) wantText(content string) {
	s.t.Helper()
	s.want(websocket.MessageText, content)
}

// wantClose reads the close frame.
func (s *socket) wantClose(code websocket.StatusCode, reason string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	_, b, err := s.Read(ctx)
	want := websocket.CloseError{Code: code, Reason: reason}
	if got := (websocket.CloseError{}); !asClose(err, &got) || got != want {
		s.t.Fatalf("read %q, %v; want %v", b, err, want)
	}
}

func asClose(err error, to *websocket.CloseError) bool {
	if code := websocket.CloseStatus(err); code == -1 {
		return false
	}
	for ; err != nil; err = unwrap(err) {
		if c, ok := err.(websocket.CloseError); ok {
			*to = c
			return true
		}
	}
	return false
}

func unwrap(err error) error {
	u, ok := err.(interface{ Unwrap() error })
	if !ok {
		return nil
	}
	return u.Unwrap()
}

// say sends a text message.
func (s *socket) say(text string) { say(s.t, s.Conn, text) }

func say(t *testing.T, c *websocket.Conn, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		t.Errorf("send %.100q: %v", text, err)
	}
}

// echo sends what comes back, behind prefix, until the end. It reports the end.
func echo(c *websocket.Conn, prefix string) error {
	c.SetReadLimit(64 << 20)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		kind, b, err := c.Read(ctx)
		if err == nil {
			err = c.Write(ctx, kind, append([]byte(prefix), b...))
		}
		cancel()
		if err != nil {
			return err
		}
	}
}
