package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	events "github.com/holdfast-proxy/holdfast/internal/websocket"
)

// asked is a request of WebSocket-over-HTTP as the origin got it.
type asked struct {
	http.Header
	uri, body string
}

// eventOrigin is an origin that answers requests with events as told, one after
// the other, and the rest with nothing.
type eventOrigin struct {
	*httptest.Server
	t     *testing.T
	asked chan asked
	next  chan func(w http.ResponseWriter)
}

func newEventOrigin(t *testing.T) *eventOrigin {
	o := &eventOrigin{t: t, asked: make(chan asked, 100), next: make(chan func(http.ResponseWriter), 100)}
	o.Server = newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		o.asked <- asked{r.Header, r.Method + " " + r.RequestURI, string(b)}
		w.Header().Set("Content-Type", "application/websocket-events")
		select {
		case answer := <-o.next:
			answer(w)
		default:
		}
	})
	return o
}

// answer queues an answer: fields in pairs, then the body.
func (o *eventOrigin) answer(body string, fields ...string) {
	o.next <- func(w http.ResponseWriter) {
		for i := 0; i < len(fields); i += 2 {
			w.Header().Set(fields[i], fields[i+1])
		}
		io.WriteString(w, body)
	}
}

// wants takes the next request and checks its body.
func (o *eventOrigin) wants(body string) asked {
	o.t.Helper()
	a := within(o.t, o.asked, fmt.Sprintf("a request with %q", body))
	if a.body != body {
		o.t.Fatalf("the origin gets %.200q, want %q", a.body, body)
	}
	return a
}

func event(kind, content string) string {
	return fmt.Sprintf("%s %x\r\n%s\r\n", kind, len(content), content)
}

func overHTTP(rt *Route) { rt.OverHTTP = true }

// opened is a client whose origin has accepted the WebSocket with events.
func (o *eventOrigin) opened(t *testing.T, s *station, events string, fields ...string) *socket {
	t.Helper()
	o.answer("OPEN\r\n"+events, append(fields, "Sec-WebSocket-Extensions", "grip")...)
	c := s.openSocket(t, func(d *websocket.DialOptions) { d.Subprotocols = nil })
	o.wants("OPEN\r\n")
	return c
}

// GRIP: T61.
func TestAWebSocketOverHTTP(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	o.answer("OPEN\r\nTEXT 32\r\nc:{\"type\": \"subscribe\", \"channel\": \"room-number1\"}\r\n",
		"Sec-WebSocket-Extensions", "grip", "Set-Meta-User", "al", "X-A", "b", "Sec-WebSocket-Protocol", "chat", "Keep-Alive-Interval", "60", "Keep-Alive", "timeout=5")
	c, resp, err := s.dialSocket(t, func(d *websocket.DialOptions) {
		d.HTTPHeader = http.Header{"X-Forwarded-For": {"9.9.9.9"}, "Forwarded": {"for=9.9.9.9"}, "Proxy-Authorization": {"secret"}, "Cookie": {"c=1"}, "Meta-User": {"forged"}, "Meta_user": {"forged"}, "Connection-Id": {"forged"}, "Connection_id": {"forged"},
			"Grip-Sig": {"forged"}, "Grip_sig": {"forged"}, "X_forwarded_for": {"forged"}, "Content-Encoding": {"forged"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	first := o.wants("OPEN\r\n")
	for name, values := range first.Header {
		if slices.Contains(values, "forged") {
			t.Errorf("the origin gets the client's %s", name)
		}
	}
	if first.uri != "POST /ws?a=1" {
		t.Errorf("the origin is asked for %q", first.uri)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/websocket-events", "Accept": "application/websocket-events", "Cookie": "c=1",
		"Sec-Websocket-Extensions": "grip", "Sec-Websocket-Version": "13", "Meta-User": "", "Grip-Sig": "", "Upgrade": "",
		"Connection": "", "X-Forwarded-For": "127.0.0.1", "Forwarded": "", "Proxy-Authorization": "", "Accept-Encoding": "identity",
	} {
		if got := first.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	id := first.Get("Connection-Id")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("Connection-Id %q", id)
	}
	for name, want := range map[string]string{
		"X-A": "b", "Sec-Websocket-Protocol": "chat", "Set-Meta-User": "", "Content-Type": "", "Sec-Websocket-Extensions": "", "Keep-Alive-Interval": "", "Content-Length": "", "Keep-Alive": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("the client gets %s: %q, want %q", name, got, want)
		}
	}
	o.answer(event("TEXT", "m:hello")+event("BINARY", "m:\x01")+event("TEXT", "ignored"), "Set-Meta-User", "", "Set-Meta-Other", "x")
	c.say("hi")
	if second := o.wants("TEXT 2\r\nhi\r\n"); second.Get("Connection-Id") != id || second.Get("Meta-User") != "al" {
		t.Errorf("the second request has %v", second.Header)
	}
	c.wantText("hello")
	c.want(websocket.MessageBinary, "\x01")
	s.messages(t, "room-number1", `{"content":"w"}`)
	c.wantText("w")
	c.say("again")
	if third := o.wants(event("TEXT", "again")); third.Get("Meta-User") != "" || third.Get("Meta-Other") != "x" {
		t.Errorf("the third request has %v", third.Header)
	}
	s.waitCount(t, "holdfast_websocket_ignored_total")
}

// GRIP: T62.
func TestAnOriginRejectsAWebSocketOverHTTP(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	o.next <- func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-A", "b")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "no")
	}
	_, resp, err := s.dialSocket(t)
	if err == nil || resp.StatusCode != http.StatusForbidden || resp.Header.Get("X-A") != "b" {
		t.Fatalf("the client gets %v, %v", resp, err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "no" {
		t.Errorf("with body %q", b)
	}
	s.waitCount(t, "holdfast_requests_total", "relayed")
}

// GRIP: T63.
func TestTheEndOfAWebSocketOverHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		answer string // to CLOSE
		want   websocket.CloseError
	}{
		"the origin answers":             {event("CLOSE", "\x03\xe8"), websocket.CloseError{Code: 1000}},
		"the origin answers differently": {event("CLOSE", "\x0f\xa1x"), websocket.CloseError{Code: 4001, Reason: "x"}},
		"the origin does not answer":     {"", websocket.CloseError{Code: 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP))
			client := o.opened(t, s, "")
			o.answer(c.answer)
			client.Close(websocket.StatusNormalClosure, "")
			o.wants("CLOSE 2\r\n\x03\xe8\r\n")
			s.waitCount(t, "holdfast_streams_ended_total", "websocket", "client_closed")
			s.waitStreams(t, "ch", 0)
			if len(o.asked) > 0 {
				t.Errorf("the origin is asked again: %q", (<-o.asked).body)
			}
		})
	}
	t.Run("the client vanishes", func(t *testing.T) {
		o := newEventOrigin(t)
		s := newStation(t, holding(o.URL, overHTTP))
		client := o.opened(t, s, "", "Set-Meta-User", "al")
		client.CloseNow()
		if a := o.wants("DISCONNECT\r\n"); a.Get("Meta-User") != "al" {
			t.Errorf("DISCONNECT has %v", a.Header)
		}
	})
	t.Run("the origin closes", func(t *testing.T) {
		o := newEventOrigin(t)
		s := newStation(t, holding(o.URL, overHTTP))
		o.opened(t, s, event("TEXT", "m:x")+event("CLOSE", "\x0f\xa2bye")).want2(t, "x", websocket.CloseError{Code: 4002, Reason: "bye"})
		s.waitCount(t, "holdfast_streams_ended_total", "websocket", "origin_closed")
	})
}

// want2 reads a text message and the close frame.
func (s *socket) want2(t *testing.T, text string, end websocket.CloseError) {
	t.Helper()
	s.wantText(text)
	s.wantClose(end.Code, end.Reason)
}

// GRIP: T65.
func TestWhatAClientSaysMeanwhileGoesInOneRequest(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	c := o.opened(t, s, "")
	busy := make(chan struct{})
	o.next <- func(http.ResponseWriter) { <-busy }
	c.say("1")
	o.wants(event("TEXT", "1"))
	c.say("2")
	c.Write(t.Context(), websocket.MessageBinary, []byte{3})
	c.CloseRead(t.Context())
	go c.Ping(t.Context())
	o.answer("")
	s.messagesSeen(t, o, busy, event("TEXT", "2")+event("BINARY", "\x03")+"PING 1\r\n")
}

// messagesSeen lets the origin answer once the client's messages have come to the
// proxy, and checks that the next request has what want begins with.
func (s *station) messagesSeen(t *testing.T, o *eventOrigin, busy chan struct{}, want string) {
	t.Helper()
	close(busy)
	var got strings.Builder
	for requests := 0; got.Len() < len(want); requests++ {
		if requests == 2 {
			t.Fatalf("the origin gets %q in two requests", got.String())
		}
		got.WriteString(within(t, o.asked, "the next request").body)
	}
	if !strings.HasPrefix(got.String(), want) {
		t.Errorf("the origin gets %q, want %q", got.String(), want)
	}
}

// GRIP: T66.
func TestClientsMayNotSendEventsThemselves(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	resp, err := client(t).Post(s.url+"/ws", "application/websocket-events", strings.NewReader("OPEN\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusForbidden || string(b) != "Client not allowed to send WebSocket events directly.\n" {
		t.Errorf("got %d %q", resp.StatusCode, b)
	}
	if resp, body := get(t, client(t), s.url+"/page"); resp.StatusCode != http.StatusOK || body != "" {
		t.Errorf("another request gets %d %q", resp.StatusCode, body)
	}
	o.wants("")
	if len(o.asked) > 0 {
		t.Error("the origin got the client's events")
	}
}

func TestNothingThatCouldPassForEventsComesFromClients(t *testing.T) {
	o, other := newEventOrigin(t), newEventOrigin(t)
	s := newStation(t, func(so *stationOptions) {
		sockets, requests, elsewhere := routeTo(o.URL), routeTo(o.URL), routeTo(other.URL)
		sockets.OverHTTP, sockets.Protocol = true, ProtocolWebSocket
		elsewhere.PathPrefix = "/other"
		so.Routes = []Route{sockets, requests, elsewhere}
	})
	const events = "application/websocket-events"
	for name, c := range map[string]struct {
		path, fields string
		status       string
	}{
		"by another route":           {"/ws", "Content-Type: " + events, "403"},
		"with a parameter":           {"/ws", "Content-Type: " + events + "; a=b", "403"},
		"in capitals":                {"/ws", "Content-Type: Application/WebSocket-Events", "403"},
		"as the second type":         {"/ws", "Content-Type: text/plain\r\nContent-Type: " + events, "403"},
		"as one of a list":           {"/ws", "Content-Type: text/plain, " + events, "403"},
		"with another dash":          {"/ws", "Content-Type: text/plain\r\nContent_Type: " + events, "403"},
		"what is no event":           {"/ws", "Content-Type: text/plain", "200"},
		"to whom that means nothing": {"/other", "Content-Type: " + events, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := dialWire(t, s.addr)
			c2.send("POST " + c.path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n" + c.fields + "\r\n\r\nOPEN\r\n")
			if head := c2.head(); !strings.HasPrefix(head, "HTTP/1.1 "+c.status+" ") {
				t.Error(head)
			}
		})
	}
	o.wants("OPEN\r\n")
	other.wants("OPEN\r\n")
	if len(o.asked)+len(other.asked) > 0 {
		t.Error("an origin got events")
	}
}

func TestARefreshAsksTheOriginAtOnce(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	c := o.opened(t, s, event("TEXT", subscribe))
	s.waitStreams(t, "ch", 1)
	o.answer(event("TEXT", "m:fresh"))
	s.messages(t, "ch", `{"content":"before"}`, `{"action":"refresh"}`)
	c.wantText("before")
	o.wants("")
	c.wantText("fresh")
}

func TestADetachedWebSocketOverHTTP(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	c := o.opened(t, s, event("TEXT", subscribe)+event("TEXT", `c:{"type":"detach"}`))
	s.waitStreams(t, "ch", 1)
	o.wants("CLOSE\r\n")
	s.waitLevel(t, "holdfast_origin_requests_active", 0)
	c.say("to nobody")
	s.messages(t, "ch", `{"content":"w"}`)
	c.wantText("w")
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	s.waitCount(t, "holdfast_streams_ended_total", "websocket", "client_closed")
	if len(o.asked) > 0 {
		t.Errorf("the origin is asked %q", (<-o.asked).body)
	}
}

func TestAnOriginWithoutGRIPOverHTTP(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	o.answer("OPEN\r\n" + event("TEXT", "m:as it is") + event("TEXT", subscribe) + event("PING", "p") + event("FUTURE", "?") + event("TEXT", "end"))
	c := s.openSocket(t)
	for _, want := range []string{"m:as it is", subscribe, "end"} {
		c.wantText(want)
	}
	if got := within(t, c.pings, "the ping"); got != "p" {
		t.Errorf("ping %q", got)
	}
}

func TestHandshakesThatTheOriginDoesNotAnswerWell(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		reason Reason
		log    string
	}{
		"nothing":       {func(w http.ResponseWriter) {}, BadInstruction, "answer does not begin with the event OPEN"},
		"another event": {func(w http.ResponseWriter) { io.WriteString(w, "PING\r\n") }, BadInstruction, "answer does not begin with the event OPEN"},
		"rubbish":       {func(w http.ResponseWriter) { io.WriteString(w, "OPEN\r\nTEXT zz\r\n") }, BadInstruction, `event 1: length "zz" is not a hexadecimal number`},
		"compressed":    {func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "br") }, BadEncoding, "events have a Content-Encoding"},
		"too long":      {func(w http.ResponseWriter) { w.Write(make([]byte, 2<<20+1)) }, BodyTooLarge, "answer to events is over 2097152 bytes"},
		"cut off":       {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "9"); io.WriteString(w, "OPEN\r\n") }, OriginCut, "unexpected EOF"},
		"extension": {func(w http.ResponseWriter) {
			w.Header().Set("Sec-WebSocket-Extensions", "grip, x")
			io.WriteString(w, "OPEN\r\n")
		}, BadInstruction, `has "x" beside "grip"`},
		"too much to keep": {func(w http.ResponseWriter) {
			w.Header().Set("Set-Meta-A", strings.Repeat("x", 20000))
			io.WriteString(w, "OPEN\r\n")
		}, BadInstruction, "Set-Meta-*: more than"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP))
			o.next <- c.answer
			_, resp, err := s.dialSocket(t)
			if err == nil || resp.StatusCode != http.StatusBadGateway {
				t.Fatalf("the client gets %v, %v", resp, err)
			}
			o.wants("OPEN\r\n")
			o.wants("DISCONNECT\r\n") // for all we know it has opened it
			s.waitCount(t, "holdfast_request_failures_total", string(c.reason))
			if got := s.logged(c.reason); !strings.Contains(got, c.log) {
				t.Errorf("the log says %q", got)
			}
		})
	}
}

func TestAClientThatLeavesBeforeItsWebSocketIsOpen(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	thinking := make(chan struct{})
	o.next <- func(http.ResponseWriter) { <-thinking }
	c := dialWire(t, s.addr)
	c.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	id := o.wants("OPEN\r\n").Get("Connection-Id")
	c.Close()
	if a := o.wants("DISCONNECT\r\n"); a.Get("Connection-Id") != id {
		t.Errorf("DISCONNECT has %v", a.Header)
	}
	close(thinking)
}

func TestWhatAnOriginSaysBadlyLater(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		reason Reason
		log    string
	}{
		"another status":    {func(w http.ResponseWriter) { w.WriteHeader(404) }, BadInstruction, `answer has status 404 and type "application/websocket-events"`},
		"another type":      {func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html") }, BadInstruction, `answer has status 200 and type "text/html"`},
		"OPEN again":        {func(w http.ResponseWriter) { io.WriteString(w, "OPEN\r\n") }, BadInstruction, "event OPEN of a WebSocket that is open"},
		"text of bytes":     {func(w http.ResponseWriter) { io.WriteString(w, event("TEXT", "m:\xff")) }, BadInstruction, "event TEXT is not UTF-8"},
		"a long ping":       {func(w http.ResponseWriter) { io.WriteString(w, event("PING", strings.Repeat("x", 126))) }, BadInstruction, "event PING has 126 bytes"},
		"a bad close code":  {func(w http.ResponseWriter) { io.WriteString(w, event("CLOSE", "\x03\xed")) }, BadInstruction, "event CLOSE: "},
		"a bad control":     {func(w http.ResponseWriter) { io.WriteString(w, event("TEXT", "c:")) }, BadInstruction, "control message is not valid JSON"},
		"more than offered": {func(w http.ResponseWriter) { w.Header().Set("Content-Bytes-Accepted", "3") }, BadInstruction, "Content-Bytes-Accepted is more than was offered"},
		"a cut connection":  {func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, OriginBroken, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP))
			client := o.opened(t, s, "")
			o.next <- c.answer
			client.say("hi")
			client.wantClose(websocket.StatusInternalError, "bad instruction of the origin")
			o.wants(event("TEXT", "hi"))
			o.wants("DISCONNECT\r\n")
			s.waitCount(t, "holdfast_request_failures_total", string(c.reason))
			if got := s.logged(c.reason); !strings.Contains(got, c.log) {
				t.Errorf("the log says %q", got)
			}
		})
	}
}

func TestContentThatIsNotAcceptedIsOfferedAgain(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP))
	c := o.opened(t, s, "")
	o.answer("", "Content-Bytes-Accepted", "2")
	c.say("hello")
	o.wants(event("TEXT", "hello"))
	o.answer("", "Content-Bytes-Accepted", "0")
	c.say("a")
	o.wants(event("TEXT", "llo") + event("TEXT", "a"))
	o.answer("", "Content-Bytes-Accepted", "3")
	c.say("b")
	o.wants(event("TEXT", "llo") + event("TEXT", "a") + event("TEXT", "b"))
	o.answer("", "Content-Bytes-Accepted", "1")
	o.answer(event("CLOSE", "\x03\xe8"))
	c.Close(websocket.StatusNormalClosure, "")
	o.wants(event("TEXT", "a") + event("TEXT", "b") + event("CLOSE", "\x03\xe8"))
	o.wants(event("TEXT", "b") + event("CLOSE", "\x03\xe8"))
}

func TestClientsThatBreakTheRulesOverHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		message []byte
		code    websocket.StatusCode
		reason  string
	}{
		"text of bytes": {[]byte{0xff}, websocket.StatusInvalidFramePayloadData, "text is not UTF-8"},
		"a long one":    {make([]byte, 2<<20), websocket.StatusMessageTooBig, "message is too big"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP))
			client := o.opened(t, s, "")
			client.Write(t.Context(), websocket.MessageText, c.message)
			client.wantClose(c.code, c.reason)
			o.wants("DISCONNECT\r\n")
		})
	}
}

func TestHandshakesThatAreNone(t *testing.T) {
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for name, fields := range map[string]string{
		"another version": "Connection: Upgrade\r\nSec-WebSocket-Version: 12\r\n" + key,
		"no key":          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
		"a short key":     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n",
		"no connection":   "Sec-WebSocket-Version: 13\r\n" + key,
		"a body":          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nContent-Length: 1\r\n" + key,
	} {
		o := newEventOrigin(t)
		s := newStation(t, holding(o.URL, overHTTP))
		c := dialWire(t, s.addr)
		c.send("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" + fields + "\r\n")
		if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 400 ") {
			t.Errorf("%s: %s", name, head)
		}
	}
}

func TestWhyAnOriginIsAskedAgain(t *testing.T) {
	for reason, want := range map[Reason][2]error{ // before the request was written, and after that
		OriginUnreachable: {events.ErrUnreached, events.ErrUnanswered},
		OriginTimeout:     {events.ErrUnreached, events.ErrUnanswered},
		OriginBusy:        {events.ErrUnreached, events.ErrUnanswered},
		OriginBroken:      {},
		OriginCut:         {},
	} {
		for i, written := range []bool{false, true} {
			err := passing(&failure{reason, io.EOF}, written)
			for _, kind := range []error{events.ErrUnreached, events.ErrUnanswered} {
				if errors.Is(err, kind) != (kind == want[i]) {
					t.Errorf("%s, written: %v: %v", reason, written, err)
				}
			}
		}
	}
}

// A slow origin has the client's message already.
func TestWhatAClientSaysIsPostedOnceToASlowOrigin(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP, func(rt *Route) { rt.ResponseHeaderTimeout = time.Second }))
	c := o.opened(t, s, "")
	left := make(chan struct{})
	defer close(left)
	o.next <- func(http.ResponseWriter) { <-left }
	c.say("pay")
	c.wantClose(websocket.StatusInternalError, "origin is gone")
	o.wants(event("TEXT", "pay"))
	o.wants("DISCONNECT\r\n")
	s.waitCount(t, "holdfast_request_failures_total", string(OriginTimeout))
}

func TestAnAnswerInEventsThatDoesNotEnd(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP, func(rt *Route) { rt.ResponseHeaderTimeout = 100 * time.Millisecond }))
	left := make(chan struct{})
	defer close(left)
	o.next <- func(w http.ResponseWriter) {
		io.WriteString(w, "OPEN\r\n")
		http.NewResponseController(w).Flush()
		<-left
	}
	if _, resp, err := s.dialSocket(t); err == nil || resp.StatusCode != http.StatusBadGateway {
		t.Errorf("the client gets %v, %v", resp, err)
	}
	s.waitCount(t, "holdfast_request_failures_total", string(OriginCut))
}
