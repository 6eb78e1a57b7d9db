package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/coder/websocket"
)

// namingOf are the control messages of a WebSocket whose client follows a channel and is
// somebody.
func namingOf(channel, user string) []string {
	return []string{
		fmt.Sprintf(`c:{"type":"subscribe","channel":%q}`, channel),
		fmt.Sprintf(`c:{"type":"set-meta","name":"user","value":%q}`, user),
	}
}

// namingOrigin speaks GRIP on WebSockets and says who their clients are, as the query
// does: on connections at /grip, in events at /events.
func namingOrigin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/grip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Sec-WebSocket-Extensions", "grip")
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for _, message := range namingOf(r.FormValue("channel"), r.FormValue("user")) {
			_ = c.Write(r.Context(), websocket.MessageText, []byte(message))
		}
		_, _, _ = c.Read(context.Background()) // until it ends
	})
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_, _, _ = c.Read(context.Background())
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/websocket-events")
		body, _ := io.ReadAll(r.Body)
		if string(body) != "OPEN\r\n" {
			return
		}
		w.Header().Set("Sec-WebSocket-Extensions", "grip")
		io.WriteString(w, "OPEN\r\n")
		for _, message := range namingOf(r.FormValue("channel"), r.FormValue("user")) {
			fmt.Fprintf(w, "TEXT %x\r\n%s\r\n", len(message), message)
		}
	})
	return mux
}

// namingFile routes to such an origin.
func namingFile(t testing.TB) string {
	origin := startOrigin(t, namingOrigin())
	return "routes: [{name: http, path_prefix: /events, over_http: true, origins: ['" + origin + "']}, {name: direct, origins: ['" + origin + "']}]\n"
}

// wantClosed reads the close frame of a WebSocket that is revoked.
func wantClosed(t *testing.T, c *websocket.Conn) {
	t.Helper()
	kind, b, err := c.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("got %v %q and %v, want to be closed with 1008", kind, b, err)
	}
}

// plainly is the first of the ways in which clients speak.
func plainly(t *testing.T) dialect { return dialect{client: newClient(t)} }

// TestAWebSocketIsRevokedByWhatItsOriginSaysOfIt, over HTTP as on a connection.
func TestAWebSocketIsRevokedByWhatItsOriginSaysOfIt(t *testing.T) {
	t.Parallel()
	file := namingFile(t)
	for _, path := range []string{"/grip", "/events"} {
		for _, rule := range []string{`"user":"alice"`, `"meta":{"user":"alice"}`, `"channel":"alice"`} {
			s := startServer(t, file)
			alice, bob := s.openSocket(plainly(t), path+"?channel=alice&user=alice"), s.openSocket(plainly(t), path+"?channel=news&user=bob")
			eventually(t, "both are known", func() bool {
				return len(s.streams("user=alice&channel=alice")) == 1 && len(s.streams("user=bob&channel=news")) == 1
			})
			if r := s.revoke(`{` + rule + `}`); r.Ended != 1 {
				t.Errorf("%s: %+v", rule, r)
			}
			s.publish(`{"channel":"alice","formats":{"ws-message":{"content":"secret"}}}`, `{"channel":"news","formats":{"ws-message":{"content":"news"}}}`)
			wantClosed(t, alice)
			wantClosed(t, s.openSocket(plainly(t), path+"?channel=alice&user=alice")) // as soon as its origin has said it
			if _, b, err := bob.Read(t.Context()); string(b) != "news" {
				t.Errorf("bob got %q (%v)", b, err)
			}
		}
	}
}

// TestAHandshakeIsRefusedWhereTheRouteIsRevoked, and tunnels end.
func TestAHandshakeIsRefusedWhereTheRouteIsRevoked(t *testing.T) {
	t.Parallel()
	s := startServer(t, namingFile(t))
	for route, paths := range map[string][]string{"direct": {"/grip?channel=c&user=u", "/plain"}, "http": {"/events?channel=c&user=u"}} {
		var open []*websocket.Conn
		for _, path := range paths {
			open = append(open, s.openSocket(plainly(t), path))
		}
		eventually(t, "all are held", func() bool { return len(s.streams("route="+route)) == len(paths) })
		if r := s.revoke(`{"route":"` + route + `"}`); r.Ended != len(paths) {
			t.Errorf("%+v", r)
		}
		for i, path := range paths {
			if _, _, err := open[i].Read(t.Context()); err == nil {
				t.Errorf("%s goes on", path)
			}
			_, response, err := websocket.Dial(t.Context(), s.URL+path, &websocket.DialOptions{HTTPClient: newClient(t)})
			if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	eventually(t, "nothing is held", func() bool { return len(s.streams("")) == 0 })
}

// TestNoWebSocketSlipsThroughARevocation: clients connect until the last revocation, and
// their origin names them while it is carried out.
func TestNoWebSocketSlipsThroughARevocation(t *testing.T) {
	t.Parallel()
	s := startServer(t, namingFile(t))
	for _, rule := range []string{`"user":"alice"`, `"channel":"alice"`} {
		stop := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				case <-stop:
					return
				default:
					c := s.openSocket(plainly(t), "/grip?channel=alice&user=alice")
					c.CloseRead(t.Context())
				}
			}
		}()
		eventually(t, "one is held", func() bool { return len(s.streams("user=alice")) > 0 })
		for range 20 {
			s.revoke(`{` + rule + `,"for":"0s"}`)
		}
		s.revoke(`{` + rule + `,"for":"1h"}`)
		close(stop)
		<-ended
		eventually(t, "none is held", func() bool { return len(s.streams("")) == 0 })
	}
}
