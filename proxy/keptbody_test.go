package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"
)

// letter is a request with a body as the origin got it.
type letter struct {
	method, body string
	length       int64
	coding       []string
	header       http.Header
	trailer      http.Header
}

// inbox is an origin that holds the first request, and answers the others as told.
type inbox struct {
	*httptest.Server
	got  chan letter
	next chan http.HandlerFunc // what comes after the first; "fresh" if there is none
}

func newInbox(t *testing.T) *inbox {
	o := &inbox{got: make(chan letter, 100), next: make(chan http.HandlerFunc, 100)}
	o.next <- func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Grip-Hold", "response")
		w.Header().Set("Grip-Channel", "ch; prev-id=1")
	}
	o.Server = newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			b = []byte(err.Error())
		}
		o.got <- letter{r.Method, string(b), r.ContentLength, r.TransferEncoding, r.Header, r.Trailer}
		select {
		case answer := <-o.next:
			answer(w, r)
		default:
			io.WriteString(w, "fresh")
		}
	})
	return o
}

const missesTwo = `{"channel":"ch","id":"3","prev-id":"2","formats":{"http-response":{"body":"three"}}}`

// miss publishes what does not follow.
func (s *station) miss(t *testing.T) {
	t.Helper()
	s.waitStreams(t, "ch", 1)
	if _, err := s.publish(missesTwo); err != nil {
		t.Fatal(err)
	}
}

// GRIP: T35.
func TestALongPollIsRepeatedWithItsBody(t *testing.T) {
	most := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct{ method, fields, sent, body string }{
		"of a known length": {"POST", "Content-Length: 5\r\nContent-Type: a/b\r\nContent-Encoding: br\r\n", "hello", "hello"},
		"of GET":            {"GET", "Content-Length: 5\r\n", "hello", "hello"},
		"in chunks, with a trailer": {"PUT", "Transfer-Encoding: chunked\r\nTrailer: X-T\r\nExpect: 100-continue\r\n",
			"3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: t\r\n\r\n", "hello"},
		"of no chunks": {"POST", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", ""},
		"of 100 kB":    {"POST", "Content-Length: 100000\r\n", most, most},
	} {
		t.Run(name, func(t *testing.T) {
			o := newInbox(t)
			s := newStation(t, func(so *stationOptions) {
				holding(o.URL)(so)
				so.Signer = fixedSigner("ours")
			})
			client := dialWire(t, s.addr)
			client.send(c.method + " / HTTP/1.1\r\nHost: a\r\nAuthorization: secret\r\n" + c.fields + "\r\n")
			if strings.Contains(c.fields, "Expect") {
				client.want("HTTP/1.1 100 Continue\r\n\r\n")
			}
			client.send(c.sent)
			first := within(t, o.got, "the request")
			s.miss(t)
			client.head()
			client.want("fresh")
			got := within(t, o.got, "the repeated request")
			for _, name := range []string{"Expect", "Trailer", "Te", "Connection", "Content-Length"} {
				first.header.Del(name)
			}
			first.header.Set("Grip-Last", "ch; last-id=1")
			got.header.Del("Content-Length")
			want := letter{c.method, c.body, int64(len(c.body)), nil, first.header, nil}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(letter{})); diff != "" {
				t.Error(diff)
			}
			if first.body != c.body {
				t.Errorf("at first the origin got %.100q", first.body)
			}
		})
	}
}

func TestALongPollWithALongerBodyIsNotRepeated(t *testing.T) {
	body := strings.Repeat("x", 100_001)
	for name, request := range map[string]string{
		"of a known length": "Content-Length: 100001\r\n\r\n" + body,
		"in chunks":         "Transfer-Encoding: chunked\r\n\r\n" + "186a1\r\n" + body + "\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := newInbox(t)
			s := newStation(t, holding(o.URL))
			client := dialWire(t, s.addr)
			client.send("POST / HTTP/1.1\r\nHost: a\r\n" + request)
			if got := within(t, o.got, "the request"); got.body != body {
				t.Errorf("the origin got %d bytes", len(got.body))
			}
			s.miss(t)
			client.head()
			client.want("three")
			if len(o.got) > 0 {
				t.Error("the origin is asked again")
			}
			lines := s.log.FilterMessage("request of a long poll cannot be repeated").All()
			if len(lines) != 1 || lines[0].Level != zapcore.DebugLevel || lines[0].ContextMap()["error"] != "the body has over 100000 bytes" {
				t.Errorf("the log has %v", lines)
			}
		})
	}
}

func TestAnAttemptThatFailsTakesNothingOfTheBody(t *testing.T) {
	t.Run("the connection breaks", func(t *testing.T) {
		o := newInbox(t)
		o.Config.SetKeepAlivesEnabled(false) // or the transport tries another one by itself
		s := newStation(t, holding(o.URL))
		client := dialWire(t, s.addr)
		client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
		within(t, o.got, "the request")
		o.next <- func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		o.next <- func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
		s.miss(t)
		client.head()
		client.want("fresh")
		for range 3 {
			if got := within(t, o.got, "another request"); got.body != "hello" {
				t.Errorf("the origin got %q", got.body)
			}
		}
		if n := s.count(t, "holdfast_origin_retries_total"); n != 0 {
			t.Errorf("what was left of the body was sent %v times", n)
		}
	})
	t.Run("there is no connection", func(t *testing.T) {
		first, second := newInbox(t), newInbox(t)
		<-second.next
		s := newStation(t, func(so *stationOptions) { so.Routes = []Route{routeTo(first.URL, second.URL)} })
		client := dialWire(t, s.addr)
		client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
		within(t, first.got, "the request")
		s.waitStreams(t, "ch", 1)
		first.CloseClientConnections()
		first.Close()
		s.miss(t)
		client.head()
		client.want("fresh")
		if got := within(t, second.got, "the repeated request"); got.body != "hello" {
			t.Errorf("the origin got %q", got.body)
		}
	})
}

func TestALongPollWhoseBodyHasNotComeIsNotRepeated(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdResponse+"Grip-Channel: ch; prev-id=1\r\n", ""))))
	s.handler.drainPatience = time.Millisecond
	client := dialWire(t, s.addr)
	client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin")
	s.miss(t)
	client.head()
	client.want("three")
}

// kept is a body of one byte that has come, and is kept.
func kept() *requestBody {
	b := newRequestBody(&http.Request{Body: io.NopCloser(strings.NewReader("x")), ContentLength: 1}, nil, nil)
	b.keep()
	b.Read(make([]byte, 2))
	return b
}

func TestABodyIsKeptOnlyForLongPolls(t *testing.T) {
	b := newBench(t)
	relayed := &exchange{route: b.handler.routes.all[0], body: kept()}
	answer := pollAnswer("ch")
	answer.StatusCode, answer.Header = http.StatusOK, http.Header{}
	answer.Request = relayed.bind(httptest.NewRequest(http.MethodPost, "/", nil))
	if err := b.handler.modifyResponse(answer); err != nil {
		t.Error(err)
	}
	instructed := &exchange{body: kept()}
	answer = pollAnswer("ch")
	answer.Header.Del("Grip-Hold")
	b.followAs(instructed, answer)
	for name, x := range map[string]*exchange{"an answer that is relayed": relayed, "another instruction": instructed} {
		if x.body.kept.bytes != nil || x.repeatable() {
			t.Errorf("after %s there is %q", name, x.body.kept.bytes)
		}
	}
	if x := (&exchange{body: kept()}); !x.repeatable() {
		t.Error("one that has come is not kept")
	}
}

func TestABodyThatIsKeptIsNotHeldUp(t *testing.T) {
	came := make(chan string)
	o := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		for range 2 {
			b := make([]byte, 3)
			io.ReadFull(r.Body, b)
			came <- string(b)
		}
	})
	s := newStation(t, holding(o.URL))
	client := dialWire(t, s.addr)
	client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
	for _, part := range []string{"one", "two"} {
		client.send(part)
		if got := within(t, came, "the body"); got != part {
			t.Errorf("the origin got %q", got)
		}
	}
	client.head()
}
