package proxy

import (
	"bufio"
	"compress/zlib"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// breaking is an origin that takes requests and hangs up. It counts them.
func breaking(t *testing.T, answer string, asked *atomic.Int32) string {
	return rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		if head := readHead(r); head != "" {
			asked.Add(1)
			io.WriteString(c, answer)
		}
	})
}

func TestOnlySafeRequestsAreSentAgainAfterAConnectionBroke(t *testing.T) {
	tests := []struct {
		name, method, body, answer string
		status                     int
	}{
		{"GET", "GET", "", "", 200},
		{"HEAD", "HEAD", "", "", 200},
		{"OPTIONS", "OPTIONS", "", "", 200},
		{"GET with a body", "GET", "x", "", 502},
		{"POST without a body", "POST", "", "", 502},
		{"PUT", "PUT", "x", "", 502},
		{"GET with a byte of an answer", "GET", "", "H", 502},
		{"GET with a head that does not end", "GET", "", "HTTP/1.1 200 OK\r\n", 502},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var broke, answered atomic.Int32
			good := newOrigin(t, func(http.ResponseWriter, *http.Request) { answered.Add(1) })
			f := newFront(t, to(breaking(t, tt.answer, &broke), good.URL))
			req, _ := http.NewRequestWithContext(t.Context(), tt.method, f.url, strings.NewReader(tt.body))
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status || broke.Load() != 1 || int(answered.Load()) != (502-tt.status)/302 {
				t.Errorf("got %s, asked %d and %d times", resp.Status, broke.Load(), answered.Load())
			}
			if got := f.count(t, "holdfast_origin_retries_total"); int32(got) != answered.Load() {
				t.Errorf("%v requests are counted as sent again", got)
			}
		})
	}
}

func TestASafeRequestIsSentAgainAfterAReset(t *testing.T) {
	var reset atomic.Int32
	bad := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		if readHead(r) != "" {
			reset.Add(1)
			c.(*net.TCPConn).SetLinger(0) // close by RST
		}
	})
	good := newOrigin(t, func(http.ResponseWriter, *http.Request) {})
	f := newFront(t, to(bad, good.URL))
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusOK || reset.Load() != 1 {
		t.Errorf("got %s, reset %d times", resp.Status, reset.Load())
	}
}

func TestAConnectionIsUnansweredOnlyUntilTheFirstByte(t *testing.T) {
	reset := errors.New("connection reset")
	near, far := net.Pipe()
	defer far.Close()
	c := &originConn{Conn: failing{near, reset}}
	read := func() error { _, err := c.Read(make([]byte, 1)); return err }
	var unanswered *unansweredError
	if err := read(); errors.As(err, &unanswered) {
		t.Error("nothing was asked, and that is unanswered")
	}
	go io.ReadFull(far, make([]byte, 2))
	c.Write([]byte("q"))
	if err := read(); !errors.As(err, &unanswered) || !errors.Is(err, reset) {
		t.Errorf("after a question: %v", err)
	}
	c.Conn = near
	go io.WriteString(far, "a")
	if err := read(); err != nil {
		t.Fatal(err)
	}
	c.Conn = failing{near, reset}
	if err := read(); errors.As(err, &unanswered) {
		t.Error("a byte came, and that is unanswered")
	}
	c.Conn = failing{near, io.EOF}
	c.Write([]byte("q"))
	if err := read(); err != io.EOF {
		t.Errorf("an end in order: %v, and readers compare it with io.EOF", err)
	}
}

// failing is a connection that breaks when it is read.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnAnswerEndsAnOriginsRest(t *testing.T) {
	var asked atomic.Int32
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
	})
	f := newFront(t, to(origin.URL))
	resp, err := client(t).Post(f.url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	p := f.handler.routes.all[0].forward.Transport.(*originSet).pool
	state := func() health {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.all[0].health
	}
	if got := state(); got.failures != 1 {
		t.Errorf("after a failure %+v", got)
	}
	get(t, client(t), f.url)
	if got := state(); got != (health{}) {
		t.Errorf("after an answer %+v", got)
	}
}

func TestTheOnlyOriginIsAskedOnceMore(t *testing.T) {
	var broke atomic.Int32
	f := newFront(t, to(breaking(t, "", &broke)))
	resp, _ := get(t, client(t), f.url)
	if resp.StatusCode != http.StatusBadGateway || broke.Load() != 2 {
		t.Errorf("got %s, asked %d times", resp.Status, broke.Load())
	}
}

// TestARequestThatBreaksOriginsDoesNotReachAll: it may be the request.
func TestARequestThatBreaksOriginsDoesNotReachAll(t *testing.T) {
	var broke atomic.Int32
	f := newFront(t, func(o *Options) {
		to(breaking(t, "", &broke), breaking(t, "", &broke), breaking(t, "", &broke))(o)
		o.Routes[0].Debug = true
	})
	resp, body := get(t, client(t), f.url)
	if resp.StatusCode != http.StatusBadGateway || broke.Load() != 2 {
		t.Errorf("got %s, asked %d times", resp.Status, broke.Load())
	}
	if !regexp.MustCompile(`origin_broken: 127.*; before that 127`).MatchString(body) {
		t.Errorf("it is not told who was asked: %q", body)
	}
}

func TestAnOriginThatIsSlowIsNotAskedAgain(t *testing.T) {
	done := make(chan struct{})
	var asked atomic.Int32
	slow := newOrigin(t, func(http.ResponseWriter, *http.Request) { asked.Add(1); <-done })
	defer close(done)
	f := newFront(t, func(o *Options) {
		to(slow.URL, slow.URL+"/")(o)
		o.Routes[0].ResponseHeaderTimeout = 20 * time.Millisecond
	})
	resp, _ := get(t, client(t), f.url)
	if resp.StatusCode != http.StatusGatewayTimeout || asked.Load() != 1 {
		t.Errorf("got %s, asked %d times", resp.Status, asked.Load())
	}
}

func TestAnOriginThatIsDownIsNotTriedByEveryRequest(t *testing.T) {
	good := newOrigin(t, func(http.ResponseWriter, *http.Request) {})
	f := newFront(t, to("http://"+unusedAddr, good.URL))
	c := client(t)
	for range 5 {
		if resp, _ := get(t, c, f.url); resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
	}
	if got := f.count(t, "holdfast_origin_requests_total", unusedAddr, "origin_unreachable"); got != 1 {
		t.Errorf("it was tried %v times", got)
	}
	host := strings.TrimPrefix(good.URL, "http://")
	if got := f.count(t, "holdfast_origin_requests_total", host, "answered"); got != 5 {
		t.Errorf("the other answered %v times", got)
	}
}

// TestAPlaceIsGivenBack when an answer has been read, when a tunnel has closed
// and when a client leaves in the middle.
func TestAPlaceIsGivenBack(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tunnel":
			conn, rw, _ := http.NewResponseController(w).Hijack()
			defer conn.Close()
			io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			rw.Flush()
			io.Copy(rw, rw)
			rw.Flush()
		case "/slow":
			w.WriteHeader(http.StatusOK)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/cut":
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Grip-Hold", strings.TrimPrefix(r.URL.Path, "/"))
			w.Header().Set("Grip-Channel", "c")
			io.WriteString(w, "hi")
		}
	})
	s := newStation(t, func(o *stationOptions) {
		to(origin.URL)(&o.Options)
		o.Routes[0].MaxConnections, o.Routes[0].ConnectTimeout = 1, patience
	})
	tunnel := dialWire(t, s.addr)
	tunnel.send("GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	tunnel.head()
	tunnel.send("ping")
	tunnel.want("ping")
	tunnel.Conn.(*net.TCPConn).CloseWrite()
	if rest, err := tunnel.rest(); rest != "" || err != nil {
		t.Errorf("the tunnel ends with %q, %v", rest, err)
	}
	leaving := dialWire(t, s.addr)
	leaving.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	leaving.head()
	leaving.Close()
	get(t, client(t), s.url+"/cut")
	for range 3 { // held streams and polls keep none
		s.watch(t, client(t), s.url+"/stream").want(t, "hi")
	}
	go client(t).Get(s.url + "/response")
	s.waitStreams(t, "c", 4)
	if resp, _ := get(t, client(t), s.url+"/cut"); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
	s.publish(`{"channel":"c","formats":{"http-response":{"body":""}}}`)
}

// TestAPollKeepsNoPlaceForWhatFollowsItsBody: a decoder stops where its content
// ends, not where the origin's body does.
func TestAPollKeepsNoPlaceForWhatFollowsItsBody(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Hold", "response")
		w.Header().Set("Grip-Channel", "c")
		w.Header().Set("Content-Encoding", "deflate")
		z := zlib.NewWriter(w)
		io.WriteString(z, "hi")
		z.Close()
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.MaxConnections, rt.ConnectTimeout = 1, patience }))
	for n := range 2 {
		go client(t).Get(s.url)
		s.waitStreams(t, "c", n+1)
	}
	s.publish(`{"channel":"c","formats":{"http-response":{"body":""}}}`)
}

// TestASwitchOfProtocolsThatNobodyAskedForKeepsNothing at the origin, neither a
// place nor the connection.
func TestASwitchOfProtocolsThatNobodyAskedForKeepsNothing(t *testing.T) {
	closed := make(chan struct{}, 2)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
		if _, err := r.ReadByte(); errors.Is(err, io.EOF) {
			closed <- struct{}{}
		}
	})
	f := newFront(t, func(o *Options) {
		to(origin)(o)
		o.Routes[0].MaxConnections = 1
	})
	for _, fields := range [][]string{{}, {"Connection", "Upgrade", "Upgrade", "websocket"}} {
		if resp, _ := get(t, client(t), f.url, fields...); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("%v: got %s", fields, resp.Status)
		}
		within(t, closed, "the connection to the origin is closed")
	}
	if n := f.count(t, "holdfast_origin_requests_active"); n != 0 {
		t.Errorf("%v requests are under way", n)
	}
}

func TestRequestsThatFindNoPlaceAreToldToComeBack(t *testing.T) {
	inside := make(chan struct{})
	origin := newOrigin(t, func(_ http.ResponseWriter, r *http.Request) {
		close(inside)
		<-r.Context().Done()
	})
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.Routes[0].MaxConnections, o.Routes[0].ConnectTimeout = 1, 20*time.Millisecond
	})
	dialWire(t, f.addr).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	within(t, inside, "the origin is asked")
	resp, _ := get(t, client(t), f.url)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %s, %v", resp.Status, resp.Header)
	}
	if resp, body := get(t, client(t), f.url, "Accept", "text/event-stream"); resp.StatusCode != 200 || !strings.HasPrefix(body, "retry: ") {
		t.Errorf("an EventSource gets %s, %q", resp.Status, body)
	}
	f.waitCount(t, "holdfast_request_failures_total", "origin_busy")
}
