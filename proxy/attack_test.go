package proxy

import (
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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

// Requests that are reset as soon as they are sent (CVE-2023-44487) keep no place at
// the origin, and whoever comes then is served.
func TestRequestsThatAreResetAtOnceKeepNoPlaces(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flood" {
			<-r.Context().Done()
		}
	})
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.Routes[0].OriginRequests = 8
		o.Limits.Queue = 16
	})
	c := speakTo(t, f.addr)
	done := make(chan struct{})
	go func() { // until the server has had enough
		defer close(done)
		for id := uint32(1); id < 20_000; id += 2 {
			c.head(":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/flood")
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
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		resp, _ := get(t, client(t), f.url+"/")
		if resp.StatusCode == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("somebody else gets %s", resp.Status)
		}
	}
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

// Whoever redirects us, and wherever to, is not followed: the client is told, or the
// answer is none.
func TestARedirectIsNotFollowed(t *testing.T) {
	var strayed atomic.Int64
	elsewhere := newOrigin(t, func(http.ResponseWriter, *http.Request) { strayed.Add(1) })
	asked := make(chan string, 10)
	s := newStation(t, holding(newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" && r.Header.Get("Authorization") != "moved" {
			w.Header().Set("Grip-Link", "</next>; rel=next; timeout=1, </gone>; rel=gone")
			gatekeeper(w, r)
			return
		}
		asked <- r.URL.Path
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}).URL, func(rt *Route) { rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour} }))
	if resp, _ := get(t, client(t), s.url+"/plain"); resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("the client gets %s", resp.Status)
	}
	c, ch := s.challenged(t, hourly, "alice/a")
	if status, _ := s.answer(t, hourly, ch, "moved"); status != http.StatusForbidden {
		t.Errorf("credentials that are redirected get %d", status)
	}
	s.handler.Recover()
	for _, want := range []string{"/plain", "/events", "/next"} {
		if got := within(t, asked, "the origin is asked"); got != want {
			t.Errorf("the origin is asked for %s, want %s", got, want)
		}
	}
	c.leave()
	for within(t, asked, "the origin is told") != "/gone" {
	}
	if strayed.Load() != 0 {
		t.Error("somebody else was asked")
	}
}

// A link has no credentials of the client whose stream it is of: the answer may go to
// others.
func TestLinksAreAskedWithoutCredentials(t *testing.T) {
	headers := make(chan http.Header, 10)
	s := newStation(t, holding(newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			headers <- r.Header.Clone()
		}
		w.Header().Set("Grip-Link", "</next>; rel=next, </gone>; rel=gone")
		r.Header.Set("Authorization", "alice/a")
		gatekeeper(w, r)
	}).URL))
	c := s.watch(t, http.DefaultClient, s.url+"/events", "Authorization", "secret", "Cookie", "secret", "X-Secret", "secret")
	c.want(t, "event: hello\n")
	s.handler.Recover()
	next := within(t, headers, "the next link is asked")
	c.leave()
	for _, h := range []http.Header{next, within(t, headers, "the origin is told")} {
		for name, values := range h {
			if strings.Contains(strings.Join(values, ","), "secret") {
				t.Errorf("%s has the client's %q", name, values)
			}
		}
	}
}

// What a page of another site can send without a preflight answers no challenge: the
// stream of an attacker does not become a victim's.
func TestAFormAnswersNoChallenge(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	secret := ch.Headers[challengeField]
	for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""} {
		for _, where := range []string{"query", "body"} {
			url, body := hourly, ""
			if where == "query" {
				url += "&" + challengeField + "=" + secret
			} else {
				body = challengeField + "=" + secret
			}
			req, err := http.NewRequest(http.MethodPost, s.url+url, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", contentType)
			req.Header.Set("Authorization", "alice")
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(text) != "hello" { // the origin's, as to any other POST
				t.Errorf("%s in the %s gets %s %q", contentType, where, resp.Status, text)
			}
		}
	}
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
}
