package hold

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// pair returns a Conn over one end of a pipe, and the other end.
func pair(t *testing.T) (*Conn, net.Conn) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return &Conn{Conn: ours}, theirs
}

// claim has a new stream of h claim c.
func claim(t *testing.T, h *Goroutines, c *Conn) *live {
	hub := channels.NewHub(channels.DefaultOptions())
	t.Cleanup(hub.Close)
	if err := h.Admit(); err != nil {
		t.Fatal(err)
	}
	cursor, err := hub.Follow(context.Background(), channels.Follow{Subscriptions: []channels.Subscription{{Channel: "a"}}, Group: h.Group()})
	if err != nil {
		t.Fatal(err)
	}
	l := h.newLive(&Stream{Cursor: cursor, Route: "test"}, Chunked)
	if err := c.Claim(l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestUnclaimedConnIsTheConnItWraps(t *testing.T) {
	c, peer := pair(t)
	go func() {
		c.Write([]byte("written"))
		c.ReadFrom(strings.NewReader(" copied"))
		c.Close()
	}()
	got, err := io.ReadAll(peer)
	if string(got) != "written copied" || err != nil {
		t.Errorf("got %q (%v)", got, err)
	}
}

func TestClaimedConnTakesNothingFromTheServer(t *testing.T) {
	c, peer := pair(t)
	h := New(Options{})
	claim(t, h, c)
	// Without a reader on the pipe these would block if they wrote.
	if n, err := c.Write([]byte("0\r\n\r\n")); n != 0 || !errors.Is(err, errTaken) {
		t.Errorf("Write: %d, %v", n, err)
	}
	if n, err := c.ReadFrom(strings.NewReader("x")); n != 0 || !errors.Is(err, errTaken) {
		t.Errorf("ReadFrom: %d, %v", n, err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Errorf("CloseWrite: %v", err)
	}
	c.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a deadline of the server's does not end its reading")
	}
	c.Close()
	c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Read after Close: %v, want EOF", err)
	}
	c.SetDeadline(time.Unix(1, 0)) // too late to hurt
	peer.Close()
	if err := h.registry.wait(closing(t, h)); err != nil {
		t.Error(err)
	}
}

func TestConnIsClaimedOnce(t *testing.T) {
	c, peer := pair(t)
	h := New(Options{})
	l := claim(t, h, c)
	if err := c.Claim(l); err == nil {
		t.Error("claimed twice")
	}
	c.Close()
	peer.Close()
	if err := h.registry.wait(closing(t, h)); err != nil {
		t.Error(err)
	}
}

func TestAStreamThatBeginsAfterTheEndIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t) // nobody reads, so a farewell would block
		h := New(Options{})
		l := claim(t, h, c)
		h.registry.CutOff()
		start := time.Now()
		c.Close()
		if err := h.registry.wait(t.Context()); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != 0 || l.why != ReasonShutdown {
			t.Errorf("ended for %q after %v, want %q at once", l.why, got, ReasonShutdown)
		}
	})
}

// closing has h admit nobody any more, and returns a context for waiting.
func closing(t *testing.T, h *Goroutines) context.Context {
	h.registry.close(ReasonDrain)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestConnContextFindsTheConn(t *testing.T) {
	c, _ := pair(t)
	other, _ := net.Pipe()
	defer other.Close()
	for name, test := range map[string]struct {
		conn net.Conn
		want *Conn
	}{
		"as it is":      {c, c},
		"under TLS":     {tls.Server(c, &tls.Config{}), c},
		"not a Conn":    {other, nil},
		"TLS over that": {tls.Server(other, &tls.Config{}), nil},
	} {
		if got := connOf(ConnContext(t.Context(), test.conn)); got != test.want {
			t.Errorf("%s: found %p, want %p", name, got, test.want)
		}
	}
}

func TestPrepareMakesTheHeadFit(t *testing.T) {
	for _, test := range []struct {
		proto      string
		major      int
		minor      int
		want       Framing
		connection string
	}{
		{"HTTP/1.0", 1, 0, UntilClose, "close"},
		{"HTTP/1.1", 1, 1, Chunked, "close"},
		{"HTTP/2.0", 2, 0, Frames, ""},
		{"HTTP/3.0", 3, 0, QUICFrames, ""},
	} {
		t.Run(test.proto, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Transfer-Encoding", "identity")
			r := &http.Request{ProtoMajor: test.major, ProtoMinor: test.minor}
			if got := Prepare(w, r); got != test.want {
				t.Errorf("framing %v, want %v", got, test.want)
			}
			if got := w.Header().Get("Connection"); got != test.connection {
				t.Errorf("Connection: %q, want %q", got, test.connection)
			}
			if w.Header().Get("Content-Length")+w.Header().Get("Transfer-Encoding") != "" {
				t.Errorf("the head still tells a length: %v", w.Header())
			}
		})
	}
}

func TestHoldWithoutAWayToTakeTheConnection(t *testing.T) {
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	h := New(Options{MaxStreams: 1})
	if err := h.Admit(); err != nil {
		t.Fatal(err)
	}
	c, err := hub.Follow(context.Background(), channels.Follow{Subscriptions: []channels.Subscription{{Channel: "a"}}, Group: h.Group()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Hold(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), &Stream{Cursor: c})
	if !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("held with %v, want ErrNotSupported", err)
	}
	if info, _ := hub.Channel("a"); info.Streams != 0 {
		t.Error("the cursor is left open")
	}
	if err := h.Admit(); err != nil {
		t.Errorf("the place is not given back: %v", err)
	}
}
