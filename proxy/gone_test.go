package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// lodge is an origin that wants to know who has gone.
type lodge struct {
	mu     sync.Mutex
	refuse int            // so many requests are answered with 500
	gone   map[string]int // how often it was told, by the query
	wrong  string         // what was wrong with a request
}

func (l *lodge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/bye" {
		l.bye(w, r)
		return
	}
	w.Header().Set("Grip-Hold", r.FormValue("hold"))
	w.Header().Set("Grip-Channel", "ch")
	w.Header().Set("Grip-Link", "</bye?"+r.FormValue("id")+">; rel=gone, </next?"+r.FormValue("id")+">; rel=next")
	fmt.Fprint(w, "hi")
}

func (l *lodge) bye(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if body, _ := io.ReadAll(r.Body); r.Method != http.MethodPost || len(body) > 0 || r.Header.Get("Cookie") != "" || r.Header.Get("Grip-Feature") == "" {
		l.wrong = fmt.Sprint(r.Method, r.Header, string(body))
	}
	if l.refuse > 0 {
		l.refuse--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	l.gone[r.URL.RawQuery]++
}

func (l *lodge) told(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone[id]
}

func newLodge(t *testing.T, edit ...func(*stationOptions)) (*lodge, *station) {
	l := &lodge{gone: map[string]int{}}
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, l.ServeHTTP).URL, func(rt *Route) { rt.Name = "route" })(o)
		o.Feature = "link:gone"
		for _, e := range edit {
			e(o)
		}
	})
	return l, s
}

func (l *lodge) wait(t *testing.T, id string) {
	t.Helper()
	for deadline := time.Now().Add(patience); l.told(id) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the origin is not told of %s", id)
		}
	}
	if l.wrong != "" {
		t.Error(l.wrong)
	}
}

func TestAnOriginIsToldThatAClientHasGone(t *testing.T) {
	l, s := newLodge(t)
	for name, to := range s.ways(t) {
		id := strings.ReplaceAll(name, " ", "-")
		c := s.watch(t, to.Client, to.url+"/?hold=stream&id="+id, "Cookie", "secret")
		c.want(t, "hi")
		c.leave()
		l.wait(t, id)
	}
	c := s.watch(t, client(t), s.url+"/?hold=stream&id=closed")
	c.want(t, "hi")
	if _, err := s.publish(`{"channel":"ch","formats":{"http-stream":{"action":"close"}}}`); err != nil {
		t.Fatal(err)
	}
	l.wait(t, "closed")
	poll := dialWire(t, s.addr)
	poll.send("GET /?hold=response&id=poll HTTP/1.1\r\nHost: a\r\n\r\n")
	s.waitStreams(t, "ch", 1)
	poll.Close()
	l.wait(t, "poll")
	if n := s.count(t, "holdfast_gone_total", "route", string(goneTold)); int(n) != len(l.gone) {
		t.Errorf("%v counted, %d told", n, len(l.gone))
	}
}

// An origin that counts who is there has counted this one.
func TestAnOriginIsToldOfAClientThatWasNotLetIn(t *testing.T) {
	l, s := newLodge(t, func(o *stationOptions) { o.maxStreams = 1 })
	c := s.watch(t, client(t), s.url+"/?hold=stream&id=in")
	c.want(t, "hi")
	if resp, _ := get(t, client(t), s.url+"/?hold=stream&id=out"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", resp.Status)
	}
	l.wait(t, "out")
	if n := l.told("in"); n != 0 {
		t.Errorf("told %d times of who is there", n)
	}
}

func TestAnOriginIsToldAgainIfItDidNotHear(t *testing.T) {
	l, s := newLodge(t)
	l.refuse = 5
	c := s.watch(t, client(t), s.url+"/?hold=stream&id=1")
	c.want(t, "hi")
	c.leave()
	l.wait(t, "1")
	l.refuse = 6
	c = s.watch(t, client(t), s.url+"/?hold=stream&id=2")
	c.want(t, "hi")
	c.leave()
	s.waitCount(t, "holdfast_gone_total", "route", string(goneGivenUp))
	if n := l.told("2"); n != 0 {
		t.Errorf("told %d times", n)
	}
}

func TestOriginsAreToldOfWhoeverEndsWithTheProcess(t *testing.T) {
	l, s := newLodge(t)
	l.refuse = 3
	const clients = 50
	for i := range clients {
		c := s.watch(t, client(t), fmt.Sprintf("%s/?hold=stream&id=%d", s.url, i))
		c.want(t, "hi")
	}
	if err := s.holder.Drain(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := s.handler.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range clients {
		if n := l.told(fmt.Sprint(i)); n != 1 {
			t.Errorf("told %d times of %d", n, i)
		}
	}
	l.refuse = 1000
	s.handler.routes.all[0].farewells.say(s.handler, s.handler.routes.all[0], viewpoint{}, &link{path: "/bye", query: "late"})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if s.handler.Finish(ctx) == nil {
		t.Error("there was time")
	}
	s.handler.Close()
	if n := s.count(t, "holdfast_gone_total", "route", string(goneGivenUp)); n != 1 {
		t.Errorf("%v given up", n)
	}
}
