package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// socketOrigin speaks GRIP on WebSockets at /grip and does not at /plain: there it
// sends back what comes. Clients at /grip follow the channel numbers.
func socketOrigin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/grip" {
			w.Header().Set("Sec-WebSocket-Extensions", "grip")
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		if r.URL.Path == "/grip" {
			_ = c.Write(r.Context(), websocket.MessageText, []byte(`c:{"type":"subscribe","channel":"numbers"}`))
		}
		for {
			kind, b, err := c.Read(context.Background())
			if err != nil || c.Write(context.Background(), kind, b) != nil {
				return
			}
		}
	})
}

// openSocket connects a WebSocket to the node.
func (s *server) openSocket(d dialect, path string) *websocket.Conn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), goodTime)
	defer cancel()
	c, _, err := websocket.Dial(ctx, d.url(s)+path, &websocket.DialOptions{HTTPClient: d.client})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.CloseNow() })
	return c
}

// numbered publishes 1, 2, 3 ... to WebSockets until the endpoint is gone.
func (s *server) numbered(channel string) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			item := `{"channel":"` + channel + `","formats":{"ws-message":{"content":"` + strconv.Itoa(n) + `"}}}`
			if _, err := s.tryPublish(item); err != nil {
				return
			}
		}
	}()
	return done
}

// TestDrainEndsWebSocketsOneByOneAndLosesNothing: each is told 1001 after what was
// published until its turn, and tunnels last until theirs.
func TestDrainEndsWebSocketsOneByOneAndLosesNothing(t *testing.T) {
	t.Parallel()
	const n = 8
	cert := newCertificate(t)
	s := startServer(t, "origin: "+startOrigin(t, socketOrigin())+"\ndrain: {window: 2s}\n"+cert.yaml())
	all := dialects(t, cert.pem)
	plain, secure := all[0], all[3]
	var sockets []*websocket.Conn
	for range n / 2 {
		sockets = append(sockets, s.openSocket(plain, "/grip"), s.openSocket(secure, "/grip"))
	}
	tunnel := s.openSocket(plain, "/plain") // the last to be ended
	eventually(t, "all follow the channel", func() bool {
		_, info, _ := s.control(http.MethodGet, "/channels/numbers", "")
		return strings.Contains(info, `"subscribers":`+strconv.Itoa(n))
	})
	done := s.numbered("numbers")
	s.signal()
	echoes := make(chan int)
	go func() { echoes <- echoed(tunnel) }()
	ends := make(chan int, n)
	for _, c := range sockets {
		go func() { ends <- numbersOf(t, c) }()
	}
	different := map[int]bool{}
	for range n {
		different[<-ends] = true
	}
	if got := <-echoes; got == 0 {
		t.Error("the tunnel ended when the drain began")
	}
	<-s.ended
	<-done
	if len(different) < n/2 {
		t.Errorf("%d WebSockets ended at only %d different numbers", n, len(different))
	}
}

// numbersOf reads numbers until the close frame, and returns the last.
func numbersOf(t *testing.T, c *websocket.Conn) (last int) {
	for {
		_, b, err := c.Read(context.Background())
		if err != nil {
			if websocket.CloseStatus(err) != websocket.StatusGoingAway {
				t.Errorf("a WebSocket ended with %v", err)
			}
			return last
		}
		n, _ := strconv.Atoi(string(b))
		if last != 0 && n != last+1 {
			t.Errorf("number %d comes after %d", n, last)
		}
		last = n
	}
}

// echoed returns how often a message came back before the tunnel ended.
func echoed(c *websocket.Conn) (n int) {
	for ; ; n++ {
		if c.Write(context.Background(), websocket.MessageText, []byte("x")) != nil {
			return n
		}
		if _, _, err := c.Read(context.Background()); err != nil {
			return n
		}
	}
}
