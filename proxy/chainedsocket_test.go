package proxy

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// gripSigner signs with a secret.
func gripSigner(t *testing.T, secret string) *grip.Signer {
	t.Helper()
	s, err := grip.NewSigner(secret, grip.Secret([]byte(secret)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// GRIP: T69.
func TestAProxyInFrontSpeaksGRIPOnWebSocketsOverHTTP(t *testing.T) {
	for name, prefix := range map[string]string{"grip": "m:", `grip; message-prefix="> \"\\"`: `> "\`, `grip; message-prefix=""`: ""} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			inner := newStation(t, func(so *stationOptions) {
				holding(o.URL, overHTTP, func(rt *Route) { rt.Subscribe, rt.WebSocket.Compression = []string{"own"}, true })(so)
				so.Upstream, so.Signer = grip.NewVerifier(grip.Secret([]byte("edge"))), fixedSigner("inner")
			})
			edge := newStation(t, func(so *stationOptions) {
				holding(inner.url)(so)
				so.Signer = gripSigner(t, "edge")
			})
			o.answer("OPEN\r\n"+event("TEXT", subscribe)+event("TEXT", prefix+"hello"), "Sec-WebSocket-Extensions", name)
			c := edge.openSocket(t, func(d *websocket.DialOptions) {
				d.Subprotocols, d.CompressionMode = nil, websocket.CompressionContextTakeover
			})
			c.wantText("hello")
			first := o.wants("OPEN\r\n")
			if err := grip.NewVerifier(grip.Secret([]byte("edge"))).Verify(first.Get("Grip-Sig"), time.Now()); err != nil {
				t.Errorf("the origin gets Grip-Sig %q: %v", first.Get("Grip-Sig"), err)
			}
			if got := first.Values("Sec-WebSocket-Extensions"); len(got) != 1 || got[0] != "grip" || first.Get("Upgrade") != "" {
				t.Errorf("the origin is offered %q", got)
			}
			edge.waitStreams(t, "ch", 1)
			for _, channel := range []string{"ch", "own"} {
				if info, _ := inner.hub.Channel(channel); info.Streams != 0 {
					t.Errorf("the inner proxy follows %q", channel)
				}
			}
			edge.messages(t, "ch", `{"content":"published"}`)
			c.wantText("published")
			o.answer(event("BINARY", prefix+"\x01"), "Set-Meta-User", "al")
			c.say("hi")
			if a := o.wants(event("TEXT", "hi")); a.Get("Connection-Id") != first.Get("Connection-Id") {
				t.Errorf("the second request has %v", a.Header)
			}
			c.want(websocket.MessageBinary, "\x01")
			o.answer(event("CLOSE", "\x03\xe8"))
			c.Close(websocket.StatusNormalClosure, "")
			if a := o.wants("CLOSE 2\r\n\x03\xe8\r\n"); a.Get("Meta-User") != "al" {
				t.Errorf("CLOSE has %v", a.Header)
			}
			inner.waitCount(t, "holdfast_streams_ended_total", "websocket", "client_closed")
		})
	}
}

// fromFront opens a WebSocket as a proxy in front does, with these extensions, and
// returns the answer's head.
func (s *station) fromFront(t *testing.T, offer string) (c *rawClient, head string) {
	t.Helper()
	c = dialWire(t, s.addr)
	c.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nGrip-Sig: front\r\nGrip-Feature: status\r\n" + offer + "\r\n")
	return c, c.head()
}

func TestWhatAProxyInFrontAndAnOriginOverHTTPAgreeOn(t *testing.T) {
	for name, c := range map[string]struct{ offer, origin, status, agreed string }{
		"both speak GRIP":        {"Sec-WebSocket-Extensions: x, Grip, permessage-deflate\r\n", "grip", "101", "grip"},
		"with a prefix":          {"Sec-WebSocket-Extensions: grip\r\n", `grip;message-prefix=a:`, "101", `grip; message-prefix="a:"`},
		"the origin does not":    {"Sec-WebSocket-Extensions: grip\r\n", "", "101", ""},
		"neither":                {"", "", "101", ""},
		"the front does not ask": {"", "grip", "502", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			s := newStation(t, func(so *stationOptions) {
				holding(o.URL, overHTTP)(so)
				so.Upstream = fixedSigner("front")
			})
			var fields []string
			if c.origin != "" {
				fields = []string{"Sec-WebSocket-Extensions", c.origin}
			}
			o.answer("OPEN\r\n"+event("TEXT", "m:x"), fields...)
			front, head := s.fromFront(t, c.offer)
			first := o.wants("OPEN\r\n")
			if got, offered := first.Get("Sec-WebSocket-Extensions") == "grip", c.offer != ""; got != offered || first.Get("Grip-Feature") != "status" {
				t.Errorf("the origin gets %v", first.Header)
			}
			_, agreed, _ := strings.Cut(head, "Sec-Websocket-Extensions: ")
			agreed, _, _ = strings.Cut(agreed, "\r\n")
			if !strings.HasPrefix(head, "HTTP/1.1 "+c.status) || agreed != c.agreed {
				t.Errorf("the front gets %s", head)
			}
			if c.status == "101" {
				front.want("\x81\x03m:x")
				return
			}
			o.wants("DISCONNECT\r\n")
			if got := s.logged(BadInstruction); !strings.Contains(got, "without being offered it") {
				t.Errorf("the log says %q", got)
			}
		})
	}
}

func TestAProxyInFrontGetsTheRejectionOfAnOriginOverHTTP(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, func(so *stationOptions) {
		holding(o.URL, overHTTP)(so)
		so.Upstream = fixedSigner("front")
	})
	o.next <- func(w http.ResponseWriter) { http.Error(w, "no", http.StatusForbidden) }
	front, head := s.fromFront(t, "Sec-WebSocket-Extensions: grip\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 403 ") {
		t.Error(head)
	}
	front.want("no\n")
}

// shortLived believes a signature until it has passed.
type shortLived struct {
	fixedSigner
	passed atomic.Bool
}

func (p *shortLived) Verify(signature string, now time.Time) error {
	if p.passed.Load() {
		return errors.New("expired")
	}
	return p.fixedSigner.Verify(signature, now)
}

func TestWhatIsSaidAfterTheFrontsSignatureHasExpired(t *testing.T) {
	for name, c := range map[string]struct {
		own  Signer
		want string
	}{"is signed here": {fixedSigner("ours"), "ours"}, "without a key, has no other": {nil, "front"}} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			upstream := &shortLived{fixedSigner: "front"}
			s := newStation(t, func(so *stationOptions) {
				holding(o.URL, overHTTP)(so)
				so.Upstream, so.Signer, so.Feature = upstream, c.own, "ours"
			})
			o.answer("OPEN\r\n", "Sec-WebSocket-Extensions", "grip")
			front, _ := s.fromFront(t, "Sec-WebSocket-Extensions: grip\r\n")
			say := func() asked {
				front.send("\x81\x82\x00\x00\x00\x00hi")
				return o.wants(event("TEXT", "hi"))
			}
			o.wants("OPEN\r\n")
			if got := say().Get("Grip-Sig"); got != "front" {
				t.Errorf("before that the origin gets %q", got)
			}
			upstream.passed.Store(true)
			if a := say(); a.Get("Grip-Sig") != c.want || a.Get("Grip-Feature") != "status" {
				t.Errorf("the origin gets %v", a.Header)
			}
		})
	}
}
