package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// multitude is an origin that counts how many ask for a link, at once and in all.
type multitude struct {
	now, most, asked atomic.Int32
	busy             time.Duration // how long an answer takes
}

func (c *multitude) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	again := r.URL.Path == "/next" || r.Header.Get("Grip-Last") != ""
	if again {
		c.asked.Add(1)
		now := c.now.Add(1)
		defer c.now.Add(-1)
		for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
		}
		time.Sleep(c.busy)
	}
	id := r.FormValue("id")
	w.Header().Set("Grip-Hold", "stream")
	w.Header().Set("Grip-Channel", "ch; prev-id=1")
	if r.FormValue("hold") == "response" {
		w.Header().Set("Grip-Hold", "response")
	}
	w.Header().Set("Grip-Link", "</next?id="+id+">; rel=next")
	switch {
	case r.URL.Path == "/next":
		fmt.Fprint(w, "told "+id+".")
	case again:
		w.Header().Del("Grip-Hold")
		w.Header().Del("Grip-Link")
		fmt.Fprint(w, "told "+r.Header.Get("Cookie")+".")
	}
}

func newMultitude(t *testing.T, p Pace) (*multitude, *station) {
	c := &multitude{busy: 5 * time.Millisecond}
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, c.ServeHTTP).URL, func(rt *Route) { rt.Name = "route" })(o)
		o.Holding.Recovery = p
	})
	return c, s
}

// A thousand streams with links of their own do not ask all at once.
func TestAThousandStreamsAtOnceAskTheirOriginAFewAtATime(t *testing.T) {
	const streams, concurrent = 1000, 8
	c, s := newMultitude(t, Pace{Concurrent: concurrent, PerSecond: 1e6, Spread: 10 * time.Millisecond, Retry: time.Second})
	tr := &http.Transport{MaxConnsPerHost: 0}
	t.Cleanup(tr.CloseIdleConnections)
	all := make([]*stream, streams)
	for i := range all {
		all[i] = s.watch(t, &http.Client{Transport: tr}, fmt.Sprintf("%s/?id=%d", s.url, i))
	}
	s.waitStreams(t, "ch", streams)
	s.handler.Recover()
	for i, one := range all {
		one.want(t, fmt.Sprintf("told %d.", i))
	}
	if most, asked := c.most.Load(), c.asked.Load(); most > concurrent || asked != streams {
		t.Errorf("asked %d times, %d at once", asked, most)
	}
}

// Streams that have the same link, and have seen the same, need one answer.
func TestStreamsWithTheSameLinkShareAnAnswer(t *testing.T) {
	const streams = 200
	c, s := newMultitude(t, Pace{Spread: 50 * time.Millisecond})
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	all := make([]*stream, streams)
	for i := range all {
		all[i] = s.watch(t, &http.Client{Transport: tr}, s.url+"/?id=same", "Cookie", fmt.Sprint("c=", i), "Authorization", "secret")
	}
	s.waitStreams(t, "ch", streams)
	if _, err := s.publish(`{"channel":"ch","id":"3","prev-id":"2","formats":{"http-stream":{"content":"3"}}}`); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		one.want(t, "told same.")
	}
	if asked := c.asked.Load(); asked > streams/10 {
		t.Errorf("asked %d times", asked)
	}
}

// An origin may answer by the host that it is asked for.
func TestStreamsOfDifferentHostsDoNotShareAnAnswer(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "ch; prev-id=1")
		w.Header().Set("Grip-Link", "</next>; rel=next")
		fmt.Fprint(w, r.Host, ".")
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.Holding.Recovery = Pace{Spread: 20 * time.Millisecond}
	})
	hosts := []string{"a.test", "b.test", "c.test"}
	var all []*rawClient
	for _, host := range hosts {
		c := dialWire(t, s.addr)
		c.send("GET / HTTP/1.0\r\nHost: " + host + "\r\n\r\n")
		c.head()
		c.want(host + ".")
		all = append(all, c)
	}
	s.waitStreams(t, "ch", len(hosts))
	s.handler.Recover()
	for i, host := range hosts {
		all[i].want(host + ".")
	}
}

// A repeated request has its client's credentials: nobody else gets its answer.
func TestRepeatedRequestsAreNeverShared(t *testing.T) {
	const clients, concurrent = 100, 4
	c, s := newMultitude(t, Pace{Concurrent: concurrent, PerSecond: 1e6, Spread: 50 * time.Millisecond, Retry: time.Second})
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			_, body := get(t, client(t), s.url+"/?hold=response", "Cookie", fmt.Sprint("c=", i))
			if want := fmt.Sprintf("told c=%d.", i); body != want {
				t.Errorf("%d got %q", i, body)
			}
		})
	}
	s.waitStreams(t, "ch", clients)
	if _, err := s.publish(`{"channel":"ch","id":"3","prev-id":"2","formats":{"http-response":{"body":"3"}}}`); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if most, asked := c.most.Load(), c.asked.Load(); most > concurrent || asked != clients {
		t.Errorf("asked %d times, %d at once", asked, most)
	}
}

// gatehouse is an origin that answers links when it is let.
type gatehouse struct {
	multitude
	open    chan struct{}
	waiting atomic.Int32
}

func (g *gatehouse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/next" {
		g.waiting.Add(1)
		<-g.open
	}
	g.multitude.ServeHTTP(w, r)
}

func newGatehouse() *gatehouse { return &gatehouse{open: make(chan struct{})} }

// waitAsked waits until an origin is being asked.
func (g *gatehouse) waitAsked(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); g.waiting.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody asks")
		}
	}
}

// A stream stops for its origin. Many that are told to ask, and miss nothing, must
// not stop all at once for as long as the last of them takes.
func TestStreamsThatMissNothingGoOnUntilTheirTurnIsNear(t *testing.T) {
	const streams = 20
	g := newGatehouse()
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, g.ServeHTTP).URL)(o)
		o.Holding.Recovery = Pace{Concurrent: 1, PerSecond: 1, Spread: time.Millisecond, Retry: time.Second}
	})
	defer close(g.open)
	all := make([]*stream, streams)
	for i := range all {
		all[i] = s.watch(t, client(t), fmt.Sprintf("%s/?id=%d", s.url, i))
	}
	s.waitStreams(t, "ch", streams)
	s.handler.Recover()
	g.waitAsked(t)
	s.send("ch", "live")
	got := make(chan bool, streams)
	for _, one := range all {
		go func() {
			b := make([]byte, len("live"))
			_, err := io.ReadFull(one.Body, b)
			got <- err == nil && string(b) == "live"
		}()
	}
	for range streams - 3 { // one asks, and by now perhaps others wait right behind it
		if !within(t, got, "a stream that does not ask yet is silent") {
			t.Error("got something else")
		}
	}
}

func TestNobodysTurnIsNearWhileManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		rec := b.handler.routes.all[0].recovery
		for i := range int(rec.busy.Load()) {
			rec.desk.Add(strconv.Itoa(i), &linked{gone: true}, time.Minute)
		}
		var begun atomic.Bool
		rec.calls.Add("", call{begin: func() { begun.Store(true) }}, 0)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if begun.Load() {
			t.Error("it begins behind all others")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !begun.Load() {
			t.Error("it does not begin")
		}
	})
}

// Origins that do not answer are nobody's trouble but their own clients'.
func TestRoutesDoNotWaitForEachOthersOrigins(t *testing.T) {
	const streams = 40
	g := newGatehouse()
	stuck, well := routeTo(newOrigin(t, g.ServeHTTP).URL), routeTo(newOrigin(t, new(multitude).ServeHTTP).URL)
	stuck.PathPrefix = "/stuck"
	s := newStation(t, func(o *stationOptions) {
		o.Routes = []Route{stuck, well}
		o.Holding.Recovery = Pace{Concurrent: 4, PerSecond: 1e6, Spread: time.Millisecond, Retry: time.Second}
	})
	defer close(g.open)
	for i := range streams {
		s.watch(t, client(t), fmt.Sprintf("%s/stuck?id=%d", s.url, i))
	}
	s.waitStreams(t, "ch", streams)
	s.handler.Recover()
	g.waitAsked(t)
	one := s.watch(t, client(t), s.url+"/?id=well")
	s.waitStreams(t, "ch", streams+1)
	s.handler.Recover()
	one.want(t, "told well.")
}
