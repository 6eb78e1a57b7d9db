package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/zap"
)

const subscribe = `c:{"type":"subscribe","channel":"ch"}`

// messages publishes ws-message formats on a channel.
func (s *station) messages(t *testing.T, channel string, formats ...string) {
	t.Helper()
	for _, f := range formats {
		if _, err := s.publish(`{"channel":"` + channel + `","formats":{"ws-message":` + f + `}}`); err != nil {
			t.Fatal(err)
		}
	}
}

// GRIP: T56.
func TestAWebSocketIsSubscribedByItsOrigin(t *testing.T) {
	ended := make(chan error, 1)
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		say(t, c, "m:hello")
		say(t, c, "nope")
		ended <- echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c, resp, err := s.dialSocket(t)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("the client gets the extension %q", got)
	}
	c.wantText("hello")
	s.messages(t, "ch", `{"content":"w"}`, `{"content-bin":"AQ=="}`, `{"type":"text","content-bin":"dA=="}`, `{"content":"`+strings.Repeat("x", 20000)+`"}`)
	c.wantText("w")
	c.want(websocket.MessageBinary, "\x01")
	c.wantText("t")
	c.wantText(strings.Repeat("x", 20000))
	c.say("back")
	c.wantText("back")
	s.messages(t, "ch", `{"action":"close","code":4001,"reason":"bye"}`, `{"content":"too late"}`)
	c.wantClose(4001, "bye")
	within(t, ended, "the origin's end")
	s.waitStreams(t, "ch", 0)
	s.waitCount(t, "holdfast_websocket_ignored_total")
	s.waitCount(t, "holdfast_streams_ended_total", "websocket", "action_close")
}

// TestAWebSocketExpires as its origin says, whichever way the origin speaks.
func TestAWebSocketExpires(t *testing.T) {
	direct := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, "m:hello")
		echo(c, "m:")
	})
	signed := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Expires", "1")
		direct.Config.Handler.ServeHTTP(w, r)
	})
	events := newEventOrigin(t)
	events.answer("OPEN\r\n"+event("TEXT", "m:hello"), "Sec-WebSocket-Extensions", "grip", "Grip-Expires", "1")
	for name, s := range map[string]*station{"direct": newStation(t, holding(signed.URL)), "over HTTP": newStation(t, holding(events.URL, overHTTP))} {
		c, resp, err := s.dialSocket(t, func(d *websocket.DialOptions) { d.Subprotocols = nil })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := resp.Header.Get("Grip-Expires"); got != "" {
			t.Errorf("%s: the client is told %q", name, got)
		}
		c.wantText("hello")
		c.wantClose(websocket.StatusPolicyViolation, "expired")
		s.waitCount(t, "holdfast_streams_ended_total", "websocket", "expired")
	}
}

func TestAnExpiryThatIsNoneOpensNoWebSocket(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	o.answer("OPEN\r\n", "Sec-WebSocket-Extensions", "grip", "Grip-Expires", "soon")
	if _, resp, err := s.dialSocket(t); err == nil || resp == nil || resp.StatusCode != http.StatusBadGateway {
		t.Errorf("%v, %v", resp, err)
	}
}

// GRIP: T57.
func TestAWebSocketWithoutTheExtensionIsATunnel(t *testing.T) {
	origin := socketOrigin(t, "", func(c *websocket.Conn) {
		say(t, c, "m:x")
		say(t, c, subscribe)
		echo(c, "")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	c.wantText("m:x")
	c.wantText(subscribe)
}

// GRIP: T58.
func TestThePrefixOfMessagesIsTheOrigins(t *testing.T) {
	for extension, prefix := range map[string]string{
		`grip; message-prefix=""`: "", `grip; message-prefix=">> "`: ">> ", `GRIP;message-prefix=c:`: "c:",
	} {
		t.Run(extension, func(t *testing.T) {
			origin := socketOrigin(t, extension, func(c *websocket.Conn) {
				say(t, c, subscribe)
				say(t, c, prefix+"x")
				echo(c, prefix)
			})
			s := newStation(t, holding(origin.URL))
			c := s.openSocket(t)
			if prefix == "c:" { // a message that begins so is for the proxy
				c.wantClose(websocket.StatusInternalError, "bad instruction of the origin")
				return
			}
			c.wantText("x")
			s.waitStreams(t, "ch", 1)
		})
	}
}

// GRIP: T59.
func TestADetachedWebSocketStillGetsItsChannels(t *testing.T) {
	ended := make(chan error, 1)
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		say(t, c, `c:{"type":"detach"}`)
		ended <- echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	within(t, ended, "the origin's connection ends")
	c.say("to nobody")
	s.messages(t, "ch", `{"content":"w"}`)
	c.wantText("w")
	reading := c.CloseRead(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Ping(ctx); err != nil {
		t.Errorf("nobody answers a ping: %v", err)
	}
	if err := c.Close(4000, "enough"); err != nil {
		t.Errorf("nobody answers the close frame: %v", err)
	}
	<-reading.Done()
	s.waitCount(t, "holdfast_streams_ended_total", "websocket", "client_closed")
}

// GRIP: T60.
func TestAQuietWebSocketIsKeptAlive(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, `c:{"type":"keep-alive","message-type":"ping","content":"k","timeout":1}`)
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	c.CloseRead(t.Context())
	for range 2 {
		if got := within(t, c.pings, "a ping"); got != "k" {
			t.Errorf("ping %q", got)
		}
	}
	s.waitCount(t, "holdfast_keep_alives_total")
}

func TestDelayedMessagesAreSentInTime(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, `c:{"type":"send-delayed","content":"a","timeout":3600}`)
		say(t, c, `c:{"type":"send-delayed","content":"b","timeout":3600}`) // sends a
		say(t, c, "m:x")
		say(t, c, `c:{"type":"flush-delayed"}`)
		say(t, c, `c:{"type":"flush-delayed"}`)
		say(t, c, `c:{"type":"send-delayed","content-bin":"Yw==","message-type":"binary","timeout":1}`)
		say(t, c, "m:y")
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	for _, want := range []string{"a", "x", "b", "y"} {
		c.wantText(want)
	}
	c.want(websocket.MessageBinary, "c")
}

func TestAnUnsubscribedWebSocketGetsNoMore(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		say(t, c, subscribe) // again changes nothing
		say(t, c, `c:{"type":"subscribe","channel":"other"}`)
		say(t, c, `c:{"type":"set-meta","name":"user","value":"al"}`)
		say(t, c, "m:ready")
		c.Read(context.Background())
		say(t, c, `c:{"type":"unsubscribe","channel":"ch"}`)
		say(t, c, `c:{"type":"unsubscribe","channel":"never"}`)
		say(t, c, "m:done")
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.ChannelPrefix = "p-" }))
	c := s.openSocket(t)
	c.wantText("ready")
	s.messages(t, "p-ch", `{"content":"1"}`)
	s.messages(t, "p-other", `{"content":"2"}`)
	s.messages(t, "p-ch", `{"content":"3"}`)
	for _, want := range []string{"1", "2", "3"} { // in the order of publication
		c.wantText(want)
	}
	c.say("next")
	c.wantText("done")
	s.waitStreams(t, "p-ch", 0)
	s.messages(t, "p-ch", `{"content":"4"}`)
	s.messages(t, "p-other", `{"content":"5"}`, `{"action":"hint"}`, `{"action":"refresh"}`, `{"content":"6"}`)
	c.wantText("5")
	c.wantText("6")
}

func TestMessagesOfAnySizePassWhole(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) { echo(c, "m:") })
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.WebSocket.MaxMessage = 8 << 20 }))
	c := s.openSocket(t)
	for _, size := range []int{0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 5 << 20} {
		text := strings.Repeat("é", size/2) + strings.Repeat("x", size%2)
		go c.say(text)
		c.wantText(text)
	}
}

func TestTheHandshakeIsTheOrigins(t *testing.T) {
	offered := make(chan http.Header, 1)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		offered <- r.Header
		w.Header().Set("Sec-WebSocket-Extensions", "grip")
		w.Header().Set("Set-Cookie", "a=1")
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	_, resp, err := s.dialSocket(t, func(o *websocket.DialOptions) {
		o.HTTPHeader = http.Header{"X-A": {"b"}, "Grip-Sig": {"forged"}}
		o.CompressionMode = websocket.CompressionContextTakeover
	})
	if err != nil {
		t.Fatal(err)
	}
	got := within(t, offered, "the origin is asked")
	if got.Get("Sec-WebSocket-Extensions") != "grip, permessage-deflate" || got.Get("X-A") != "b" || got.Get("Grip-Sig") != "" {
		t.Errorf("the origin is asked with %v", got)
	}
	if resp.Header.Get("Sec-WebSocket-Protocol") != "chat" || resp.Header.Get("Set-Cookie") != "a=1" {
		t.Errorf("the client gets %v", resp.Header)
	}
}

func TestCompressionIsAgreedWithEachSide(t *testing.T) {
	text := strings.Repeat("compress me ", 2000)
	for name, c := range map[string]struct {
		route    bool
		mode     websocket.CompressionMode // the client's
		deflated bool
	}{
		"both want it":                {true, websocket.CompressionContextTakeover, true},
		"both want it, and no memory": {true, websocket.CompressionNoContextTakeover, true},
		"the client does not":         {true, websocket.CompressionDisabled, false},
		"the route does not":          {false, websocket.CompressionContextTakeover, false},
	} {
		t.Run(name, func(t *testing.T) {
			origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
				say(t, c, subscribe)
				echo(c, "m:")
			})
			s := newStation(t, holding(origin.URL, func(rt *Route) { rt.WebSocket.Compression = c.route }))
			s.wire.Deflate = c.route
			client, resp, err := s.dialSocket(t, func(o *websocket.DialOptions) { o.CompressionMode = c.mode })
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("Sec-WebSocket-Extensions") != ""; got != c.deflated {
				t.Errorf("deflate is agreed: %v", got)
			}
			for range 3 { // what the client sends second may point into the first
				client.say(text)
				client.wantText(text)
			}
			s.messages(t, "ch", `{"content":"`+text+`"}`)
			client.wantText(text)
		})
	}
}

func TestAnOriginMayCompress(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{websocket.CompressionContextTakeover, websocket.CompressionNoContextTakeover} {
		text := strings.Repeat("compress me ", 2000)
		origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(gripping{w}, r, &websocket.AcceptOptions{CompressionMode: mode})
			if err != nil {
				return
			}
			defer c.CloseNow()
			say(t, c, subscribe)
			echo(c, "m:")
		})
		s := newStation(t, holding(origin.URL))
		c := s.openSocket(t, func(o *websocket.DialOptions) {
			o.Subprotocols = nil
			o.CompressionMode = websocket.CompressionContextTakeover
		})
		for range 3 {
			c.say(text)
			c.wantText(text)
		}
	}
}

// gripping adds GRIP's extension to what a library has agreed.
type gripping struct{ http.ResponseWriter }

func (g gripping) Unwrap() http.ResponseWriter { return g.ResponseWriter }

func (g gripping) WriteHeader(code int) {
	h := g.Header()
	h.Set("Sec-WebSocket-Extensions", "grip, "+h.Get("Sec-WebSocket-Extensions"))
	g.ResponseWriter.WriteHeader(code)
}

func TestWhatAnOriginSaysBadlyClosesTheWebSocket(t *testing.T) {
	for name, c := range map[string]struct {
		message, log string
	}{
		"no JSON":           {`c:{`, "control message is not valid JSON"},
		"no object":         {`c:[]`, "control message is not an object"},
		"no type":           {`c:{}`, "has no type"},
		"an unknown type":   {`c:{"type":"set-hold"}`, `control message "set-hold": unknown type`},
		"no channel":        {`c:{"type":"subscribe"}`, "does not contain 'channel'"},
		"a bad channel":     {`c:{"type":"subscribe","channel":"a\nb"}`, `channel name "a\nb"`},
		"a filter":          {`c:{"type":"subscribe","channel":"a","filters":["skip"]}`, `unknown filter "skip"`},
		"too much meta":     {`c:{"type":"set-meta","name":"a","value":"` + strings.Repeat("x", 17<<10) + `"}`, "meta of more than 100 names or 16384 bytes"},
		"too long":          {"c:" + strings.Repeat(" ", 65<<10) + `{"type":"detach"}`, "control message of more than 65536 bytes"},
		"a bad keep-alive":  {`c:{"type":"keep-alive","content":1}`, "'content' with wrong type"},
		"a bad mode":        {`c:{"type":"keep-alive","content":"","mode":"x"}`, "mode must be 'idle' or 'interval'"},
		"nothing delayed":   {`c:{"type":"send-delayed"}`, "does not contain 'content'"},
		"too many channels": {`c:{"type":"subscribe","channel":"2"}`, "at most 1 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			origin := socketOrigin(t, "grip", func(conn *websocket.Conn) {
				say(t, conn, `c:{"type":"subscribe","channel":"1"}`)
				say(t, conn, c.message)
				ended <- echo(conn, "m:")
			})
			s := newStation(t, func(o *stationOptions) {
				holding(origin.URL)(o)
				o.Holding.MaxChannels = 1 + strings.Count(name, "a ")
			})
			client := s.openSocket(t)
			client.wantClose(websocket.StatusInternalError, "bad instruction of the origin")
			if err := within(t, ended, "the origin is told"); websocket.CloseStatus(err) != websocket.StatusInternalError {
				t.Errorf("the origin is told %v", err)
			}
			s.waitCount(t, "holdfast_request_failures_total", string(BadInstruction))
			if got := s.logged(BadInstruction); !strings.Contains(got, c.log) {
				t.Errorf("the log says %q", got)
			}
		})
	}
}

func TestAWebSocketEndsWithItsOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*websocket.Conn)
		code   websocket.StatusCode
		reason string
		metric string
	}{
		"by a close frame": {func(c *websocket.Conn) { c.Close(4002, "no more") }, 4002, "no more", "origin_closed"},
		"without a word":   {func(c *websocket.Conn) { c.CloseNow() }, websocket.StatusInternalError, "origin is gone", "origin_lost"},
		"by a long message": {func(c *websocket.Conn) {
			c.Write(context.Background(), websocket.MessageText, bytes.Repeat([]byte("m:"), 1<<20))
		}, websocket.StatusMessageTooBig, "message of the origin is too big", "message_too_big"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, holding(socketOrigin(t, "grip", c.end).URL))
			s.openSocket(t).wantClose(c.code, c.reason)
			s.waitCount(t, "holdfast_streams_ended_total", "websocket", c.metric)
		})
	}
}

func TestAnOriginHearsWhyItsClientHasGone(t *testing.T) {
	for name, c := range map[string]struct {
		leave  func(*socket)
		code   websocket.StatusCode
		metric string
	}{
		"by a close frame":  {func(s *socket) { s.Close(4003, "done") }, 4003, "client_closed"},
		"without a word":    {func(s *socket) { s.CloseNow() }, websocket.StatusGoingAway, "client_closed"},
		"by a long message": {func(s *socket) { s.Write(s.t.Context(), websocket.MessageText, make([]byte, 2<<20)) }, websocket.StatusMessageTooBig, "message_too_big"},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			s := newStation(t, holding(socketOrigin(t, "grip", func(c *websocket.Conn) { ended <- echo(c, "m:") }).URL))
			c.leave(s.openSocket(t))
			if err := within(t, ended, "the origin is told"); websocket.CloseStatus(err) != c.code {
				t.Errorf("the origin is told %v", err)
			}
			s.waitCount(t, "holdfast_streams_ended_total", "websocket", c.metric)
		})
	}
}

func TestADrainEndsWebSocketsAfterWhatWasPublished(t *testing.T) {
	ended := make(chan error, 1)
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		// The newcomer at the end is refused when it has come to the origin already,
		// perhaps before this is said.
		_ = c.Write(context.Background(), websocket.MessageText, []byte(subscribe))
		ended <- echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	s.waitStreams(t, "ch", 1)
	s.messages(t, "ch", `{"content":"last"}`)
	drained := make(chan error, 1)
	go func() { drained <- s.holder.Drain(context.Background(), 0) }()
	c.wantText("last")
	c.wantClose(websocket.StatusGoingAway, "going away")
	if err := within(t, ended, "the origin is told"); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the origin is told %v", err)
	}
	if err := within(t, drained, "the drain ends"); err != nil {
		t.Error(err)
	}
	if _, resp, err := s.dialSocket(t); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a newcomer is told %v", resp)
	}
}

func TestAWebSocketThatReadsSlowlyLosesNothingOrIsTold(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		say(t, c, "m:ready")
		echo(c, "m:")
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.channels.Limits.Messages = 0
		o.channels.Limits.WindowMessages, o.channels.Limits.WindowBytes = 100, 1<<20
	})
	c := s.openSocket(t)
	c.wantText("ready")
	content := strings.Repeat("x", 100_000)
	for range 400 { // 40 MB, more than the window and all buffers
		s.messages(t, "ch", `{"content":"`+content+`"}`)
	}
	for n := 0; ; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, b, err := c.Read(ctx)
		cancel()
		var end websocket.CloseError
		if asClose(err, &end) {
			if n == 0 || end.Code != websocket.StatusTryAgainLater || end.Reason != "too slow: messages were lost" {
				t.Errorf("closed with %v after %d messages", end, n)
			}
			break
		}
		if err != nil || string(b) != content {
			t.Fatalf("message %d: %.20q, %v", n, b, err)
		}
	}
	s.waitCount(t, "holdfast_streams_ended_total", "websocket", "lag")
	s.waitCount(t, "holdfast_stream_gaps_total", "lag")
}

func TestPingsAndCloseFramesPassBetweenFragments(t *testing.T) {
	rest := make(chan struct{})
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		w, _ := c.Writer(context.Background(), websocket.MessageText)
		w.Write([]byte("m:half "))
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		reading := c.CloseRead(ctx)
		if err := c.Ping(ctx); err != nil {
			t.Errorf("ping inside a message: %v", err)
		}
		<-rest
		w.Write([]byte("of it"))
		w.Close()
		<-reading.Done()
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	got := make(chan string, 2)
	go func() {
		for range 2 {
			_, b, _ := c.Read(context.Background())
			got <- string(b)
		}
	}()
	within(t, c.pings, "the ping")
	s.messages(t, "ch", `{"content":"published"}`) // waits for its turn
	time.Sleep(10 * time.Millisecond)              // so that a mix-up would happen
	close(rest)
	if first, second := within(t, got, "a message"), within(t, got, "another"); first != "half of it" || second != "published" {
		t.Errorf("got %q and %q", first, second)
	}
	c.CloseNow()
}

func TestATunnelEndsInItsTurn(t *testing.T) {
	ended := make(chan error, 1)
	s := newStation(t, func(o *stationOptions) {
		holding(socketOrigin(t, "", func(c *websocket.Conn) { ended <- echo(c, "") }).URL)(o)
		o.maxStreams = 1
	})
	server, err := NewServer(ServerOptions{Handler: s.handler, Listen: []string{"127.0.0.1:0"}, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	c := (&front{url: "http://" + server.Addrs()[0].String()}).openSocket(t)
	if _, resp, err := s.dialSocket(t); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a tunnel that has no place is answered with %v", resp)
	}
	if err := errors.Join(server.Shutdown(t.Context()), within(t, served, "the server ends")); err != nil {
		t.Error(err)
	}
	c.say("still there")
	c.wantText("still there")
	if err := s.holder.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
	within(t, ended, "the origin's end")
	s.waitCount(t, "holdfast_requests_total", "upgraded")
}

func TestWhoEndsAChannelEndsItsWebSockets(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL))
	c := s.openSocket(t)
	s.waitStreams(t, "ch", 1)
	if n, known, err := s.hub.CloseChannel(t.Context(), "ch"); n != 1 || !known || err != nil {
		t.Errorf("%d, %v, %v", n, known, err)
	}
	c.wantClose(websocket.StatusNormalClosure, "channel is closed")
}

// A client that has broken the protocol cannot answer the close frame. It sees the
// end of the connection, and ends its half, whereupon the session ends.
func TestAClientThatBreaksTheProtocolSeesTheEnd(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) { echo(c, "m:") })
	s := newStation(t, holding(origin.URL))
	c := dialWire(t, s.addr)
	c.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatal(head)
	}
	c.send("\x81\x01x") // not masked
	c.want("\x88\x10\x03\xeaprotocol error")
	if rest, err := c.rest(); rest != "" || err != nil {
		t.Errorf("then %q, %v", rest, err)
	}
	c.Close()
	s.waitCount(t, "holdfast_streams_ended_total", "websocket", "client_protocol")
}

// What comes after a handshake is frames, and who reads them is alone in it.
func TestAHandshakeHasNoBody(t *testing.T) {
	for _, extensions := range []string{"", "grip"} {
		for name, framing := range map[string]string{"of a length": "Content-Length: 5", "in chunks": "Transfer-Encoding: chunked"} {
			t.Run(name+" "+extensions, func(t *testing.T) {
				s := newStation(t, holding(socketOrigin(t, extensions, func(*websocket.Conn) { t.Error("a WebSocket is opened") }).URL))
				c := dialWire(t, s.addr)
				c.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + framing + "\r\n\r\n")
				if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 400 ") {
					t.Error(head)
				}
			})
		}
	}
}
