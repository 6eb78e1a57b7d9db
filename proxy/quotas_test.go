package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// throng is an origin of everything that is held, by path. Its user is u, its channel
// ch.
func throng(t *testing.T) string {
	sockets := func(extensions string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if extensions != "" {
				w.Header().Set("Sec-WebSocket-Extensions", extensions)
			}
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			if extensions != "" {
				tell(c, `c:{"type":"set-meta","name":"user","value":"u"}`)
				tell(c, subscribe)
			}
			tell(c, "m:ready")
			echo(c, "m:")
		}
	}
	return newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/socket":
			sockets("grip")(w, r)
			return
		case "/tunnel":
			sockets("")(w, r)
			return
		case "/poll":
			h.Set("Grip-Hold", "response")
		case "/none":
			return
		default:
			h.Set("Grip-Hold", "stream")
			h.Set("Content-Type", r.Header.Get("Accept"))
		}
		h.Set("Grip-Channel", "ch, ch")
		h.Set("Grip-Set-Meta", "user=u")
		io.WriteString(w, ":hi\n\n")
		if r.URL.Path == "/cut" {
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}).URL
}

// tell sends a text message to who may have been sent away.
func tell(c *websocket.Conn, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = c.Write(ctx, websocket.MessageText, []byte(text))
}

// newThrong is a station before throng, whose clients are told apart by
// X-Forwarded-For.
func newThrong(t *testing.T, q Quotas, edit ...func(*stationOptions)) *station {
	t.Helper()
	return newStation(t, func(o *stationOptions) {
		holding(throng(t))(o)
		o.Quotas = q
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		for _, e := range edit {
			e(o)
		}
	})
}

// clientIP is the client's address in these tests.
const clientIP = "192.0.2.1"

// counts reports whether anything is counted. Each quota is 1.
func (s *station) counts() bool {
	q := s.handler.quotas
	return q.addresses.Full(netip.MustParseAddr(clientIP)) || q.users.Full("u") || q.channels.Full("ch")
}

func (s *station) waitNothingCounted(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); s.counts(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("something is counted still")
		}
	}
}

// dialPath opens a WebSocket at a path.
func (s *station) dialPath(t *testing.T, path string) (*socket, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.url, "http")+path,
		&websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {clientIP}}})
	if err != nil {
		return nil, resp, err
	}
	t.Cleanup(func() { c.CloseNow() })
	return &socket{t: t, Conn: c}, resp, nil
}

// Every kind of hold is begun where each quota is 1, so that another one is refused,
// and ended in some way; then there is a place again.
func TestWhatIsHeldIsCountedUntilItsEnd(t *testing.T) {
	stream := func(t *testing.T, s *station, to way) *stream {
		held := s.watch(t, to.Client, to.url+"/events", "X-Forwarded-For", clientIP, "Accept", "text/plain")
		held.want(t, ":hi\n\n")
		return held
	}
	leave := func(t *testing.T, s *station, to way) (end func()) { return stream(t, s, to).leave }
	tests := []struct {
		name, way string
		begin     func(t *testing.T, s *station, to way) (end func())
	}{
		{"a stream whose client leaves", "HTTP/1.1", leave},
		{"on a foreign listener", "HTTP/1.1 on a foreign listener", leave},
		{"over TLS", "HTTP/1.1 over TLS", leave},
		{"on HTTP/2", "HTTP/2 over TLS", leave},
		{"on HTTP/3", "HTTP/3", leave},
		{"a stream that is closed", "HTTP/1.1", func(t *testing.T, s *station, to way) func() {
			held := stream(t, s, to)
			return func() {
				if _, err := s.publish(`{"channel":"ch","formats":{"http-stream":{"action":"close"}}}`); err != nil {
					t.Error(err)
				}
				held.rest()
			}
		}},
		{"a stream that is drained", "HTTP/1.1", func(t *testing.T, s *station, to way) func() {
			stream(t, s, to)
			return func() { s.holder.Drain(t.Context(), 0) }
		}},
		{"a long poll that is answered", "HTTP/1.1", func(t *testing.T, s *station, to way) func() {
			c := s.poll()
			return func() {
				if _, err := s.publish(`{"channel":"ch","formats":{"http-response":{"body":"x"}}}`); err != nil {
					t.Error(err)
				}
				<-c
			}
		}},
		{"a WebSocket", "HTTP/1.1", func(t *testing.T, s *station, to way) func() {
			c, _, err := s.dialPath(t, "/socket")
			if err != nil {
				t.Fatal(err)
			}
			c.wantText("ready")
			return func() { c.CloseNow() }
		}},
		{"a tunnel", "HTTP/1.1", func(t *testing.T, s *station, to way) func() {
			c, _, err := s.dialPath(t, "/tunnel")
			if err != nil {
				t.Fatal(err)
			}
			return func() { c.CloseNow() }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newThrong(t, Quotas{PerAddress: 1, PerUser: 1, PerChannel: 1})
			end := tt.begin(t, s, s.ways(t)[tt.way])
			s.waitCounted(t)
			resp, body := get(t, client(t), s.url+"/events", "X-Forwarded-For", clientIP, "Accept", eventStream)
			if resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, "retry: ") {
				t.Errorf("another one gets %s, %q", resp.Status, body)
			}
			end()
			s.waitNothingCounted(t)
		})
	}
}

// poll begins a long poll, and yields something when it has ended.
func (s *station) poll() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, err := http.NewRequest(http.MethodGet, s.url+"/poll", nil)
		if err != nil {
			panic(err)
		}
		req.Header.Set("X-Forwarded-For", clientIP)
		if resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req); err == nil {
			resp.Body.Close()
		}
	}()
	return done
}

func (s *station) waitCounted(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); !s.counts(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is counted")
		}
	}
}

func TestWhatIsNotHeldIsNotCounted(t *testing.T) {
	all := Quotas{PerAddress: 1, PerUser: 1, PerChannel: 1}
	tests := []struct {
		name, path string
		edit       func(*stationOptions)
	}{
		{"an answer without an instruction", "/none", func(*stationOptions) {}},
		{"an origin that cuts its body", "/cut", func(*stationOptions) {}},
		{"a holder that is full", "/events", func(o *stationOptions) { o.holder = func(*hold.Goroutines) hold.Holder { return fullHolder{} } }},
		{"a channel that is denied", "/events", func(o *stationOptions) { o.Routes[0].Channels.Deny = []string{"ch"} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newThrong(t, all, tt.edit)
			for range 3 {
				c := dialWire(t, s.addr)
				c.send("GET " + tt.path + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + clientIP + "\r\nConnection: close\r\n\r\n")
				c.rest()
				s.waitNothingCounted(t)
			}
		})
	}
}

// fullHolder admits nobody.
type fullHolder struct{ hold.Holder }

func (fullHolder) Admit() error { return hold.ErrFull }

func TestWhoIsOverAQuotaIsToldToComeBack(t *testing.T) {
	tests := []struct {
		name   string
		quotas Quotas
		reason Reason
		accept string
		status int
		body   string // what it begins with
		asked  bool   // the origin
	}{
		{"an address, for an EventSource", Quotas{PerAddress: 1}, TooManyOfAddress, eventStream, http.StatusOK, "retry: ", false},
		{"an address", Quotas{PerAddress: 1}, TooManyOfAddress, "text/plain", http.StatusTooManyRequests, "Too many streams", true},
		{"a user, for an EventSource", Quotas{PerUser: 1}, TooManyOfUser, eventStream, http.StatusOK, "retry: ", true},
		{"a user", Quotas{PerUser: 1}, TooManyOfUser, "application/json", http.StatusTooManyRequests, `{"error":"too_many_of_user"`, true},
		{"a channel, for an EventSource", Quotas{PerChannel: 1}, TooManyOfChannel, eventStream, http.StatusOK, "retry: ", true},
		{"a channel", Quotas{PerChannel: 1}, TooManyOfChannel, "text/plain", http.StatusServiceUnavailable, "No more streams", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newThrong(t, tt.quotas)
			s.watch(t, client(t), s.url+"/events", "X-Forwarded-For", clientIP, "Accept", eventStream)
			s.waitStreams(t, "ch", 1)
			before := s.count(t, "holdfast_origin_requests_total")
			resp, body := get(t, client(t), s.url+"/events", "X-Forwarded-For", clientIP, "Accept", tt.accept)
			if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.body) {
				t.Errorf("got %s, %q", resp.Status, body)
			}
			if after := resp.Header.Get("Retry-After"); (after == "") != (tt.status == http.StatusOK) {
				t.Errorf("Retry-After is %q", after)
			}
			if asked := s.count(t, "holdfast_origin_requests_total") > before; asked != tt.asked {
				t.Errorf("the origin was asked: %v", asked)
			}
			if n := s.count(t, "holdfast_request_failures_total", string(tt.reason)); n != 1 {
				t.Errorf("%v failures are counted", n)
			}
		})
	}
}

func TestQuotasAreOfEachForItself(t *testing.T) {
	s := newThrong(t, Quotas{PerAddress: 1})
	for _, ip := range []string{clientIP, "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"} {
		if held := s.watch(t, client(t), s.url+"/events", "X-Forwarded-For", ip, "Accept", "text/plain"); held.StatusCode != http.StatusOK {
			t.Errorf("%s gets %s", ip, held.Status)
		}
	}
	if resp, _ := get(t, client(t), s.url+"/events", "X-Forwarded-For", "2001:db8::2", "Accept", "text/plain"); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("another one of a /64 gets %s", resp.Status)
	}
}

// Two WebSockets are one too many for the user, and then for the channel.
func TestAWebSocketOverAQuotaIsClosed(t *testing.T) {
	for _, q := range []Quotas{{PerUser: 1}, {PerChannel: 1}} {
		s := newThrong(t, q)
		first, _, err := s.dialPath(t, "/socket")
		if err != nil {
			t.Fatal(err)
		}
		first.wantText("ready")
		second, _, err := s.dialPath(t, "/socket")
		if err != nil {
			t.Fatal(err)
		}
		second.wantClose(websocket.StatusTryAgainLater, "too many are connected")
		s.waitCount(t, "holdfast_streams_ended_total", "websocket", "crowded")
		first.say("still here")
		first.wantText("still here")
		first.CloseNow()
		s.waitNothingCounted(t)
	}
}

func TestAWebSocketGivesBackWhatItLeaves(t *testing.T) {
	left := make(chan struct{})
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		say(t, c, "m:subscribed")
		<-left
		say(t, c, `c:{"type":"unsubscribe","channel":"ch"}`)
		say(t, c, `c:{"type":"unsubscribe","channel":"ch"}`)
		say(t, c, "m:left")
		echo(c, "m:")
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.Quotas.PerChannel = 1
	})
	c := s.openSocket(t)
	c.wantText("subscribed")
	if !s.handler.quotas.channels.Full("ch") {
		t.Error("a channel of a WebSocket is not counted")
	}
	close(left)
	c.wantText("left")
	if s.handler.quotas.channels.Full("ch") {
		t.Error("a channel that was left is counted")
	}
}

// The connection is counted as long as the stream that has taken it over.
func TestAStreamKeepsThePlaceOfItsConnection(t *testing.T) {
	s := newStation(t, holding(throng(t)))
	certificate, trust := testCertificate(t)
	for name, tt := range map[string]struct {
		secure bool
		set    func(*http.Protocols, bool)
	}{
		"in the clear":        {false, (*http.Protocols).SetHTTP1},
		"over TLS":            {true, (*http.Protocols).SetHTTP1},
		"HTTP/2 in the clear": {false, (*http.Protocols).SetUnencryptedHTTP2},
		"HTTP/2":              {true, (*http.Protocols).SetHTTP2},
	} {
		t.Run(name, func(t *testing.T) {
			door := arrival.New(arrival.Options{PerAddress: 1, Metrics: arrival.NewMetrics(prometheus.NewRegistry()), Log: zap.NewNop()})
			o := ServerOptions{Handler: s.handler, ConnContext: hold.ConnContext, TLS: certificate,
				WrapListener: func(l net.Listener) net.Listener { return hold.Listen(door.Listen(l)) }}
			scheme, on := "http", &o.Listen
			if tt.secure {
				scheme, on = "https", &o.TLSListen
			}
			*on = []string{"127.0.0.1:0"}
			addr := serve(t, o)
			c := protocolClient(t, trust.Clone(), tt.set) // net/http writes into it
			held := s.watch(t, c, scheme+"://"+addr+"/events", "Accept", "text/plain")
			held.want(t, ":hi\n\n")
			s.waitStreams(t, "ch", 1)
			if letIn(t, addr) {
				t.Error("another connection is let in")
			}
			held.leave()
			s.waitStreams(t, "ch", 0)
			for deadline := time.Now().Add(patience); !letIn(t, addr); time.Sleep(time.Millisecond) {
				c.CloseIdleConnections() // those of HTTP/2 go on
				if time.Now().After(deadline) {
					t.Fatal("no place comes free")
				}
			}
		})
	}
}

// letIn reports whether a connection to addr is not closed at once. net/http answers
// what is said in the clear also where it expects TLS.
func letIn(t *testing.T, addr string) bool {
	t.Helper()
	c := dialWire(t, addr)
	defer c.Close()
	io.WriteString(c, "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	answer, _ := c.rest()
	return answer != ""
}

func TestAStreamWhoseOriginChangesItsChannelsIsCountedForTheNewOnes(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Link", "</next>; rel=next")
		w.Header().Set("Grip-Channel", strings.TrimPrefix(r.URL.Path, "/"))
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.Quotas.PerChannel = 1
	})
	held := s.watch(t, client(t), s.url+"/first")
	s.waitStreams(t, "first", 1)
	s.handler.Recover()
	s.waitStreams(t, "next", 1)
	s.waitStreams(t, "first", 0)
	if full := s.handler.quotas.has("first", "next"); full[0] || !full[1] {
		t.Errorf("counted: %v", full)
	}
	held.leave()
	s.waitStreams(t, "next", 0)
	for deadline := time.Now().Add(patience); s.handler.quotas.channels.Full("next"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("counted after the end")
		}
	}
}

func TestALongPollIsNotEndedForALimit(t *testing.T) {
	var asked atomic.Bool
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		channel := "next"
		switch {
		case r.URL.Path == "/stream":
			w.Header().Set("Grip-Hold", "stream")
		case !asked.Swap(true):
			channel = "first"
			fallthrough
		default:
			w.Header().Set("Grip-Hold", "response")
		}
		w.Header().Set("Grip-Channel", channel)
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.Quotas.PerChannel = 1
	})
	s.watch(t, client(t), s.url+"/stream")
	answered := s.poll()
	s.waitStreams(t, "first", 1)
	s.handler.Recover()
	s.waitStreams(t, "next", 2)
	s.waitStreams(t, "first", 0)
	if full := s.handler.quotas.has("first", "next"); full[0] || !full[1] {
		t.Errorf("counted: %v", full)
	}
	if _, err := s.publish(`{"channel":"next","formats":{"http-response":{"body":"x"}}}`); err != nil {
		t.Error(err)
	}
	within(t, answered, "an answer")
	if n := s.count(t, "holdfast_request_failures_total"); n != 0 {
		t.Errorf("%v failures are counted", n)
	}
}

func TestNewCredentialsMoveAStreamsShare(t *testing.T) {
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL, func(rt *Route) {
			rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
		})(o)
		o.Quotas.PerChannel = 1
	})
	_, ch := s.challenged(t, hourly, "alice/a,b")
	if status, body := s.answer(t, hourly, ch, "alice/b,c"); status != http.StatusOK {
		t.Fatalf("got %d, %s", status, body)
	}
	s.waitStreams(t, "a", 0)
	if full := s.handler.quotas.has("a", "b", "c"); full[0] || !full[1] || !full[2] {
		t.Errorf("counted: %v", full)
	}
}
