package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// bench is what follows an instruction without a network, so that time can be
// a bubble's.
type bench struct {
	handler *Handler
	hub     *channels.Hub
	holder  *hold.Goroutines
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{hub: channels.NewHub(channels.DefaultOptions()), holder: hold.New(hold.Options{})}
	h, err := New(Options{
		Routes:  []Route{routeTo("http://o.test")},
		Head:    b.hub.Head,
		Holding: Holding{Hub: b.hub, Holder: b.holder, MaxChannels: 10},
		Metrics: NewMetrics(prometheus.NewRegistry()),
		Log:     zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.handler = h
	return b
}

// follow follows the instruction of an answer of the origin's whose head comes
// now.
func (b *bench) follow(answer *http.Response) *httptest.ResponseRecorder {
	return b.followAt(b.hub.Head(), answer)
}

func (b *bench) followAt(at channels.Position, answer *http.Response) *httptest.ResponseRecorder {
	return b.followAs(&exchange{at: at}, answer)
}

// followAs follows it for x, of which it fills in the rest.
func (b *bench) followAs(x *exchange, answer *http.Response) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://o.test/", nil)
	rt := b.handler.routes.all[0]
	answer.StatusCode, answer.Request = http.StatusOK, r
	x.w, x.route, x.counts, x.held = newResponseWriter(rec, r), rt, rt.counts, answer
	for more := true; more; more = x.again {
		x.again = false
		if f := b.handler.follow(x, r); f != nil {
			b.handler.refuse(x, r, f)
		}
	}
	return rec
}

func (b *bench) respond(t *testing.T, channel, body string) {
	t.Helper()
	it := grip.Item{Channel: channel, Response: &grip.ResponseFormat{Answer: grip.Answer{Code: 200, Body: []byte(body)}}}
	if _, err := b.hub.Publish(t.Context(), wire.Item(it, wire.Options{})); err != nil {
		t.Fatal(err)
	}
}

// pollAnswer is an instruction to hold a response on a channel, with a body
// for when nothing comes.
func pollAnswer(channel string, fields ...string) *http.Response {
	h := http.Header{"Grip-Hold": {"response"}, "Grip-Channel": {channel}, "Content-Type": {"text/plain"}}
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return &http.Response{Header: h, Body: io.NopCloser(strings.NewReader("nothing"))}
}

// T25. No hold waits longer because its channel is new.
func TestAResponseHoldIsAnsweredByTheOriginWhenItsTimeIsUp(t *testing.T) {
	inJSON := pollAnswer("", "Content-Type", grip.ContentType)
	inJSON.Header = http.Header{"Content-Type": {grip.ContentType}}
	inJSON.Body = io.NopCloser(strings.NewReader(`{"hold":{"timeout":"7","channels":[{"name":"ch"}]},
		"response":{"headers":{"Content-Type":"text/plain"},"body":"nothing"}}`))
	for _, c := range []struct {
		name   string
		answer *http.Response
		want   time.Duration
	}{
		{"by default", pollAnswer("ch"), 55 * time.Second},
		{"at its word", pollAnswer("ch", "Grip-Timeout", "90"), 90 * time.Second},
		{"at the shortest", pollAnswer("ch", "Grip-Timeout", "5"), 5 * time.Second},
		{"until the client's time is up", pollAnswer("ch", "Grip-Timeout", "90", "Grip-Expires", "7"), 7 * time.Second},
		{"no longer, though the client may stay", pollAnswer("ch", "Grip-Timeout", "90", "Grip-Expires", "700"), 90 * time.Second},
		{"below the shortest", pollAnswer("ch", "Grip-Timeout", "1"), 5 * time.Second},
		{"in JSON, as text", inJSON, 7 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				start := time.Now()
				rec := b.follow(c.answer)
				if took := time.Since(start); took != c.want {
					t.Errorf("after %v, want %v", took, c.want)
				}
				if rec.Code != 200 || rec.Body.String() != "nothing" || rec.Header().Get("Content-Type") != "text/plain" ||
					rec.Header().Get("Content-Length") != strconv.Itoa(len("nothing")) {
					t.Errorf("%d %v %q", rec.Code, rec.Header(), rec.Body)
				}
			})
		})
	}
}

// Nothing kicks the waiter here: the holder does not run.
func TestWhatWasPublishedBeforeTheEndOfAWaitAnswersIt(t *testing.T) {
	for name, end := range map[string]func(*bench){
		"the time is up": func(*bench) { time.Sleep(time.Minute) },
		"the holder drains": func(b *bench) {
			if err := b.holder.Drain(context.Background(), 0); err != nil {
				panic(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				answered := make(chan *httptest.ResponseRecorder)
				go func() { answered <- b.follow(pollAnswer("ch")) }()
				synctest.Wait()
				b.respond(t, "ch", "just in time")
				go end(b)
				if rec := <-answered; rec.Body.String() != "just in time" {
					t.Errorf("got %q", rec.Body)
				}
				time.Sleep(2 * time.Minute) // until end has returned
			})
		})
	}
}

func TestWhatFollowsAGapAnswersAResponseHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		at := b.hub.Head()
		b.respond(t, "ch", "one")
		start := time.Now()
		rec := b.followAt(at, pollAnswer("ch; prev-id=unknown"))
		if took := time.Since(start); rec.Body.String() != "one" || took > 0 {
			t.Errorf("got %q after %v", rec.Body, took)
		}
	})
}

func TestADrainAnswersResponseHoldsAsIfTheirTimeWereUp(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdResponse+onChannel+"Content-Type: text/plain\r\n", "nothing")), func(rt *Route) { rt.Name = "route" }))
	var clients []*rawClient
	for range 3 {
		c := dialWire(t, s.addr)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		clients = append(clients, c)
	}
	s.waitStreams(t, "ch", 3)
	if err := s.holder.Drain(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.Contains(head, "Content-Length: 7\r\n") {
			t.Errorf("got %s", head)
		}
		c.want("nothing")
	}
	if n := s.count(t, "holdfast_polls_total", "route", string(pollDrained)); n != 3 {
		t.Errorf("%v counted", n)
	}
	late := dialWire(t, s.addr)
	late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if head := late.head(); !strings.HasPrefix(head, "HTTP/1.1 503 ") || !strings.Contains(head, "Retry-After: ") {
		t.Errorf("got %s", head)
	}
	s.waitCount(t, "holdfast_request_failures_total", "route", string(Draining))
}

func TestAClientThatLeavesIsNotWaitedFor(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdResponse+onChannel, "")), func(rt *Route) { rt.Name = "route" }))
	c := dialWire(t, s.addr)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	s.waitStreams(t, "ch", 1)
	c.Close()
	s.waitStreams(t, "ch", 0)
	s.waitCount(t, "holdfast_polls_total", "route", string(pollGone))
	s.waitCount(t, "holdfast_request_failures_total", "route", string(ClientGone))
}

func TestARequestThatIsNeverCompleteEndsWithItsAnswer(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdResponse+onChannel, ""))))
	s.handler.drainPatience = time.Millisecond
	c := dialWire(t, s.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin")
	s.waitStreams(t, "ch", 1)
	if _, err := s.publish(`{"channel":"ch","formats":{"http-response":{"body":"one"}}}`); err != nil {
		t.Fatal(err)
	}
	if head := c.head(); !strings.Contains(head, "Connection: close\r\n") {
		t.Errorf("got %s", head)
	}
	if rest, err := c.rest(); rest != "one" || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
}

// A request with a body of which not everything is kept cannot be repeated: it waits on.
func TestAResponseHoldCountsWhatItsPrevIDLeavesUnknown(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdResponse+"Grip-Channel: ch; prev-id=0\r\n", "")), func(rt *Route) { rt.Name = "route" }))
	c := dialWire(t, s.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n" + strings.Repeat("x", 100_001))
	s.waitCount(t, "holdfast_poll_gaps_total", "route", string(channels.Unknown))
	if _, err := s.publish(`{"channel":"ch","formats":{"http-response":{"action":"hint"}}}, {"channel":"ch","formats":{"http-response":{"body":"one"}}}`); err != nil {
		t.Fatal(err)
	}
	c.head()
	c.want("one")
	if n := s.count(t, "holdfast_poll_hints_total", "route"); n != 1 {
		t.Errorf("%v hints counted", n)
	}
}
