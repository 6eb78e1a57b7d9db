package clienttest

import (
	"testing"

	"github.com/coder/websocket"
)

// dial opens a WebSocket that follows a channel. It ends with t.
func (o *gripOrigin) dial(t *testing.T, channel string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), o.proxy.URL+"/ws?channel="+channel, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func wantMessage(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	if _, got, err := conn.Read(t.Context()); string(got) != want || err != nil {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// talksWithWebSockets says things one by one and publishes, which the client sees
// in the same way.
func talksWithWebSockets(t *testing.T, o *gripOrigin) {
	conn := o.dial(t, "w")
	say(t, conn, "hello")
	wantMessage(t, conn, "1: hello")
	o.publish("w", item{"published", "1"})
	wantMessage(t, conn, "published")
	say(t, conn, "grüße")
	wantMessage(t, conn, "2: grüße")
}

// closesWebSockets closes from both sides. The library says CLOSE with the code 0
// where it is given none, and that is no code of WebSockets.
func closesWebSockets(t *testing.T, o *gripOrigin) {
	conn := o.dial(t, "x")
	say(t, conn, "bye")
	_, _, err := conn.Read(t.Context())
	if code := websocket.CloseStatus(err); code != 4000 {
		t.Errorf("the origin closes with 4000: %v", err)
	}
	conn = o.dial(t, "x")
	if err := conn.Close(websocket.StatusNormalClosure, "done"); err != nil {
		t.Errorf("the client closes with 1000: %v", err)
	}
}
