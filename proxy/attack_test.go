package proxy

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
)

// A server that answers TRACE would show a client the signature by which it knows us.
func TestATraceDoesNotShowWhatTheOriginIsTold(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		dump, err := httputil.DumpRequest(r, false)
		if err != nil {
			t.Error(err)
		}
		w.Write(dump)
	})
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.Routes[0].Request.Set = []Field{{"X-Api-Key", "secret"}}
	})
	for _, method := range []string{"TRACE", "CONNECT"} {
		c := dialWire(t, f.addr)
		c.send(method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if answer, _ := c.rest(); !strings.HasPrefix(answer, "HTTP/1.1 501 ") && !strings.HasPrefix(answer, "HTTP/1.1 400 ") || strings.Contains(answer, "secret") {
			t.Errorf("%s is answered %q", method, answer)
		}
	}
}

// Requests that are reset as soon as they are sent (CVE-2023-44487) do not have more
// of them at the origin than one connection may have.
func TestRequestsThatAreResetAtOnceDoNotFloodTheOrigin(t *testing.T) {
	var now, most atomic.Int64
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		<-r.Context().Done()
	})
	const places = 8
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.Routes[0].OriginRequests = places
		o.Limits.Queue = 16
	})
	c := speakTo(t, f.addr)
	done := make(chan struct{})
	go func() { // until the server has had enough
		defer close(done)
		for id := uint32(1); id < 20_000; id += 2 {
			c.head(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/")
			frame := http2.HeadersFrameParam{StreamID: id, BlockFragment: c.text.Bytes(), EndStream: true, EndHeaders: true}
			if c.WriteHeaders(frame) != nil || c.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	go func() {
		for {
			if _, err := c.ReadFrame(); err != nil {
				return
			}
		}
	}()
	within(t, done, "the flood is over")
	c.conn.Close()
	if most.Load() > places {
		t.Errorf("%d requests were at the origin at once", most.Load())
	}
	f.waitCount(t, "holdfast_requests_total")
}

// What a client says of itself is repeated in a gap event as the text that it is.
func TestTheIDOfAClientMakesNoEventOfItsOwn(t *testing.T) {
	s := newStation(t, holding(newOrigin(t, gatekeeper).URL))
	for _, id := range []string{"x%0Adata:%20evil%0A%0Aevent:%20evil", "x%0D%0Aevent:%20evil", "x%E2%80%A8event:%20evil", "%3Cscript%3E"} {
		c := s.watch(t, http.DefaultClient, s.url+"/events?lastEventId="+id, "Authorization", "alice/a")
		c.want(t, "event: hello\ndata: {}\n\nevent: gap\n")
		s.send("a", "data: the end\n\n")
		var got strings.Builder
		for b := make([]byte, 1); !strings.HasSuffix(got.String(), "the end\n\n"); got.WriteByte(b[0]) {
			if _, err := c.Body.Read(b); err != nil {
				t.Fatalf("after %q: %v", got.String(), err)
			}
		}
		if text := got.String(); strings.Count(text, "\n\n") != 2 || strings.Contains(text, "\nevent:") || strings.Contains(text, "<") {
			t.Errorf("%s is told as %q", id, text)
		}
		c.leave()
	}
}
