package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// busyOrigin answers a request when it is told to.
type busyOrigin struct {
	answer chan struct{} // one value per answer; never closed

	mu      sync.Mutex
	present int      // requests that have not been answered
	most    int      // of them at once
	asked   []string // paths, in order
}

func newBusyOrigin(t *testing.T) (*busyOrigin, string) {
	o := &busyOrigin{answer: make(chan struct{})}
	return o, newOrigin(t, o.serve).URL
}

func (o *busyOrigin) serve(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.present++
	o.most = max(o.most, o.present)
	o.asked = append(o.asked, r.URL.Path)
	o.mu.Unlock()
	select {
	case <-o.answer:
	case <-r.Context().Done():
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.present--
}

// seen returns what has been asked so far.
func (o *busyOrigin) seen() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// waitAsked waits until n requests have come.
func (o *busyOrigin) waitAsked(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(o.seen()) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d requests have come, want %d", len(o.seen()), n)
		}
	}
}

// limited is the edit for one route to origin that takes places requests at
// once, with queue more in a queue.
func limited(origin string, places, queue int) func(*Options) {
	return func(o *Options) {
		rt := routeTo(origin)
		rt.OriginRequests = places
		o.Routes = []Route{rt}
		o.Limits = Limits{Queue: queue, Patience: time.Hour}
	}
}

// waitLevel waits until a gauge has a value.
func (f *front) waitLevel(t *testing.T, metric string, want int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if f.count(t, metric) == float64(want) {
			return
		}
	}
	t.Fatalf("%s is %v, want %d", metric, f.count(t, metric), want)
}

// ask asks for a path in the background, and yields the answer's status, 0 if
// there is none.
func (f *front) ask(ctx context.Context, path string) <-chan int {
	status := make(chan int, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
		if err != nil {
			panic(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	return status
}

// Each client comes when the one before it has its place, at the origin or in
// the queue.
func TestAnOriginGetsNoMoreAtOnceThanItMayAndInOrder(t *testing.T) {
	const places, clients = 10, 300
	origin, url := newBusyOrigin(t)
	f := newFront(t, limited(url, places, clients))
	var answers []<-chan int
	var want []string
	for i := range clients {
		path := "/" + strconv.Itoa(i)
		want = append(want, path)
		answers = append(answers, f.ask(t.Context(), path))
		origin.waitAsked(t, min(i+1, places))
		f.waitLevel(t, "holdfast_queue_length", max(0, i+1-places))
	}
	for i := range clients {
		origin.answer <- struct{}{}
		origin.waitAsked(t, min(i+1+places, clients))
	}
	for i, status := range answers {
		if got := within(t, status, "answer"); got != http.StatusOK {
			t.Errorf("client %d got %d", i, got)
		}
	}
	if got := origin.seen(); !slices.Equal(got, want) {
		t.Errorf("the origin was asked for %v", got)
	}
	if origin.most != places {
		t.Errorf("the origin had %d requests at once, %d are allowed", origin.most, places)
	}
	if n := f.count(t, "holdfast_queue_waits_total", limitOriginRequests, "admitted"); n != clients-places {
		t.Errorf("%v waits are counted", n)
	}
}

func TestAClientThatLeavesDoesNotReachTheOrigin(t *testing.T) {
	origin, url := newBusyOrigin(t)
	f := newFront(t, limited(url, 1, 2))
	first := f.ask(t.Context(), "/first")
	f.waitLevel(t, "holdfast_origin_requests_pending", 1)
	ctx, leave := context.WithCancel(t.Context())
	f.ask(ctx, "/leaves")
	f.waitLevel(t, "holdfast_queue_length", 1)
	last := f.ask(t.Context(), "/last")
	f.waitLevel(t, "holdfast_queue_length", 2)
	leave()
	f.waitLevel(t, "holdfast_queue_length", 1)
	f.waitCount(t, "holdfast_request_failures_total", string(ClientGone))
	for _, status := range []<-chan int{first, last} {
		origin.answer <- struct{}{}
		if got := within(t, status, "answer"); got != http.StatusOK {
			t.Errorf("got %d", got)
		}
	}
	if got := origin.seen(); !slices.Equal(got, []string{"/first", "/last"}) {
		t.Errorf("the origin was asked for %v", got)
	}
}

// Between the cases each answer goes on: what keeps a place would leave the
// next request without one.
func TestNothingKeepsAPlaceAtTheOriginForItsLife(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tunnel":
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.Copy(io.Discard, conn)
		case "/download":
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/stream":
			w.Header().Set("Grip-Hold", "stream")
			w.Header().Set("Grip-Channel", "a")
			w.Header().Set("Content-Type", eventStream)
		case "/poll":
			w.Header().Set("Grip-Hold", "response")
			w.Header().Set("Grip-Channel", "a")
		case "/cut":
			panic(http.ErrAbortHandler)
		}
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.OriginRequests = 1 }))
	for _, path := range []string{"/tunnel", "/download", "/stream", "/poll", "/cut", "/end"} {
		c := dialWire(t, s.addr)
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if path == "/poll" {
			s.waitStreams(t, "a", 2)
			continue // nothing comes before something is published
		}
		if head := c.head(); strings.Contains(head, " 503 ") {
			t.Errorf("%s: got %s", path, head)
		}
	}
}

// full is a front whose origin has as many requests as it may have. There is
// no queue.
func full(t *testing.T, edit func(*Route)) *front {
	_, url := newBusyOrigin(t)
	f := newFront(t, func(o *Options) {
		limited(url, 1, 0)(o)
		edit(&o.Routes[0])
	})
	f.ask(t.Context(), "/")
	f.waitLevel(t, "holdfast_origin_requests_pending", 1)
	return f
}

func TestWhoFindsNoPlaceIsToldToComeBack(t *testing.T) {
	tests := []struct {
		name, accept  string
		onUnavailable OnUnavailable
		status        int
		body          string // what it begins with
	}{
		{"an event stream", eventStream, UnavailableRetry, http.StatusOK, "retry: "},
		{"an event stream that wants the status", eventStream, UnavailableStatus, http.StatusServiceUnavailable, "The origin has too many requests"},
		{"a page", "text/html", UnavailableRetry, http.StatusServiceUnavailable, "The origin has too many requests"},
		{"a program", "application/json", UnavailableRetry, http.StatusServiceUnavailable, `{"error":"origin_busy"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := full(t, func(rt *Route) { rt.OnUnavailable = tt.onUnavailable })
			told := map[string]bool{}
			for range 30 {
				resp, body := get(t, client(t), f.url, "Accept", tt.accept)
				if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.body) {
					t.Fatalf("got %s, %q", resp.Status, body)
				}
				told[resp.Header.Get("Retry-After")+" "+strings.TrimPrefix(body, "retry: ")] = true
				if after := resp.Header.Get("Retry-After"); (after == "") != (tt.status == http.StatusOK) {
					t.Errorf("Retry-After is %q", after)
				}
			}
			if len(told) < 2 {
				t.Errorf("everybody was told to come back at the same time: %v", told)
			}
			if n := f.count(t, "holdfast_request_failures_total", string(OriginBusy)); n != 30 {
				t.Errorf("%v failures are counted", n)
			}
			if n := f.count(t, "holdfast_queue_waits_total", "full"); n != 30 {
				t.Errorf("%v were turned away by the queue", n)
			}
		})
	}
}

func TestWhoWaitsTooLongForAPlaceIsToldToComeBack(t *testing.T) {
	_, url := newBusyOrigin(t)
	f := newFront(t, func(o *Options) {
		limited(url, 1, 1)(o)
		o.Limits.Patience = time.Millisecond
	})
	f.ask(t.Context(), "/")
	f.waitLevel(t, "holdfast_origin_requests_pending", 1)
	if resp, body := get(t, client(t), f.url, "Accept", eventStream); resp.StatusCode != http.StatusOK || !strings.HasPrefix(body, "retry: ") {
		t.Errorf("got %s, %q", resp.Status, body)
	}
	f.waitCount(t, "holdfast_queue_waits_total", "timeout")
}

// The first request is at the origin, the second waits for its place there, the
// third for the second's at the route. The fourth finds nothing.
func TestPlacesAtOneOriginAreTakenByThoseOfTheRoute(t *testing.T) {
	origin, url := newBusyOrigin(t)
	f := newFront(t, func(o *Options) {
		limited(url, 2, 1)(o)
		o.Routes[0].MaxConnections, o.Routes[0].ConnectTimeout = 1, time.Hour
	})
	first := f.ask(t.Context(), "/first")
	origin.waitAsked(t, 1)
	second := f.ask(t.Context(), "/second")
	f.waitLevel(t, "holdfast_origin_requests_pending", 2)
	third := f.ask(t.Context(), "/third")
	f.waitLevel(t, "holdfast_queue_length", 1)
	if got := within(t, f.ask(t.Context(), "/fourth"), "answer"); got != http.StatusServiceUnavailable {
		t.Errorf("the fourth got %d", got)
	}
	for _, status := range []<-chan int{first, second, third} {
		origin.answer <- struct{}{}
		if got := within(t, status, "answer"); got != http.StatusOK {
			t.Errorf("got %d", got)
		}
	}
	if got := origin.seen(); !slices.Equal(got, []string{"/first", "/second", "/third"}) || origin.most != 1 {
		t.Errorf("the origin was asked for %v, %d at once", got, origin.most)
	}
	f.waitLevel(t, "holdfast_origin_requests_active", 0)
}

func TestRoutesHavePlacesOfTheirOwn(t *testing.T) {
	_, slow := newBusyOrigin(t)
	quick := newOrigin(t, func(http.ResponseWriter, *http.Request) {})
	f := newFront(t, func(o *Options) {
		limited(slow, 1, 0)(o)
		other := routeTo(quick.URL)
		other.PathPrefix, other.OriginRequests = "/quick", 1
		o.Routes = append(o.Routes, other)
	})
	f.ask(t.Context(), "/")
	f.waitLevel(t, "holdfast_origin_requests_pending", 1)
	if resp, _ := get(t, client(t), f.url+"/quick"); resp.StatusCode != http.StatusOK {
		t.Errorf("got %s", resp.Status)
	}
}

// The rate of new streams is so low that the second one never comes.
func TestNewStreamsHaveALimitOfTheirOwn(t *testing.T) {
	asked := make(chan string, 10)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		switch r.URL.Path {
		case "/stream":
			w.Header().Set("Grip-Hold", "stream")
			w.Header().Set("Grip-Channel", "a")
		case "/poll":
			w.Header().Set("Grip-Hold", "response")
			w.Header().Set("Grip-Channel", "a")
		}
	})
	for _, first := range []string{eventStream, "text/plain"} {
		t.Run(first, func(t *testing.T) {
			s := newStation(t, func(o *stationOptions) {
				holding(origin.URL)(o)
				o.Limits = Limits{NewStreams: 1}
			})
			s.handler.newStreams.tokens.SetLimit(1e-6)
			c := client(t)
			if held := s.watch(t, c, s.url+"/stream", "Accept", first); held.StatusCode != http.StatusOK {
				t.Fatalf("the first stream got %s", held.Status)
			}
			s.waitStreams(t, "a", 1)
			tests := []struct {
				name, path, accept string
				status             int
				body               string
				asked              int
			}{
				{"another event stream", "/stream", eventStream, http.StatusOK, "retry: ", 0},
				{"another stream", "/stream", "text/plain", http.StatusServiceUnavailable, "Too many", 1},
				{"a page", "/page", "text/html", http.StatusOK, "", 1},
			}
			<-asked
			for _, tt := range tests {
				resp, body := get(t, c, s.url+tt.path, "Accept", tt.accept)
				if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.body) {
					t.Errorf("%s got %s, %q", tt.name, resp.Status, body)
				}
				if len(asked) != tt.asked {
					t.Errorf("%s: the origin was asked %d times", tt.name, len(asked))
				}
				for len(asked) > 0 {
					<-asked
				}
			}
			dialWire(t, s.addr).send("GET /poll HTTP/1.1\r\nHost: a\r\n\r\n")
			s.waitStreams(t, "a", 2) // the long poll among them
			<-asked
			if n := s.count(t, "holdfast_request_failures_total", string(TooManyNewStreams)); n != 2 {
				t.Errorf("%v failures are counted", n)
			}
		})
	}
}

// In real time, since sockets are; that the rate is kept is proved in fake
// time.
func TestNewStreamsComeOneAfterTheOther(t *testing.T) {
	const clients = 20
	s := newStation(t, func(o *stationOptions) {
		holding(paths(t))(o)
		o.Limits = Limits{NewStreams: 1000, Burst: 1, Queue: clients, Patience: patience}
	})
	var heads sync.WaitGroup
	for i := range clients {
		heads.Go(func() {
			c := dialWire(t, s.addr)
			fmt.Fprintf(c, "GET /events?channel=a HTTP/1.1\r\nHost: %d\r\nAccept: text/event-stream\r\n\r\n", i)
			if head := readHead(c.r); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
				t.Errorf("got %q", head)
			}
		})
	}
	heads.Wait()
	s.waitStreams(t, "a", clients)
	s.waitCount(t, "holdfast_queue_waits_total", limitNewStreams, "admitted")
}
