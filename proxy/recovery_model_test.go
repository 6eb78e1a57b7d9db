package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// library is an origin with a database: the number of events of each channel. It
// answers a request for a hold, and one for the next link, with what the client
// has not seen.
type library struct {
	mu     sync.Mutex
	events map[string]int
	random *rand.Rand
	faults int // one of so many answers to a link is none; 0: all are right
	asked  int // for links
}

// write adds an event and returns its number.
func (l *library) write(channel string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events[channel]++
	return l.events[channel]
}

func (l *library) faulty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.faults > 0 && l.random.IntN(l.faults) == 0
}

// ServeHTTP answers /events?channel=a,b and /next?channel=a,b, in which a client
// that says nothing has seen nothing.
func (l *library) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/next" && l.faulty() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	seen := map[string]int{}
	for _, line := range r.Header["Grip-Last"] {
		channel, id, _ := strings.Cut(line, "; last-id=")
		seen[channel], _ = strconv.Atoi(id)
	}
	names := r.FormValue("channel")
	var body strings.Builder
	l.mu.Lock()
	for channel := range strings.SplitSeq(names, ",") {
		for n := seen[channel] + 1; n <= l.events[channel]; n++ {
			fmt.Fprintf(&body, "%s%d\n", channel, n)
		}
		w.Header().Add("Grip-Channel", channel+"; prev-id="+strconv.Itoa(l.events[channel]))
	}
	l.mu.Unlock()
	w.Header().Set("Grip-Hold", "stream")
	w.Header().Set("Grip-Link", "</next?channel="+names+">; rel=next; timeout=1000")
	io.WriteString(w, body.String())
}

// publish publishes event n of a channel in one of the ways in which publishers
// do, or loses it.
func (l *library) publish(t *testing.T, s *station, channel string, n int, r *rand.Rand) {
	item := fmt.Sprintf(`"channel":%q,"id":"%d","prev-id":"%d","formats":{"http-stream":{"content":"%s%d\n"}}`, channel, n, n-1, channel, n)
	switch r.IntN(24) {
	case 0: // lost
		return
	case 1, 2:
		item += `,"no-seq":true`
		fallthrough
	case 3:
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
	}
	if _, err := s.publish("{" + item + "}"); err != nil {
		t.Error(err)
	}
}

// Whatever publishers, the log and the origin do, a stream with a next link has
// every event, once, in order.
func TestRandomLossesAreRecoveredFromTheOrigin(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(strconv.Itoa(int(seed)), func(t *testing.T) {
			t.Parallel()
			const events, readers = 300, 4
			random := rand.New(rand.NewPCG(seed, 1))
			lib := &library{events: map[string]int{}, random: rand.New(rand.NewPCG(seed, 2)), faults: 8}
			origin := newOrigin(t, lib.ServeHTTP)
			s := newStation(t, func(o *stationOptions) {
				holding(origin.URL, func(rt *Route) { rt.Name = "route" })(o)
				o.channels.ParkWait = 5 * time.Millisecond
				o.channels.Limits = channels.Limits{Messages: 5, Bytes: 1 << 20, WindowMessages: 5, WindowBytes: 1}
			})
			var all sync.WaitGroup
			for i := range readers {
				names := []string{"a", "a,b", "b"}[i%3]
				all.Go(func() { readAll(t, s, names, events) })
			}
			for _, channel := range []string{"a", "b"} {
				r := rand.New(rand.NewPCG(random.Uint64(), 3))
				all.Go(func() {
					var under sync.WaitGroup
					for range events {
						time.Sleep(time.Duration(r.IntN(6000)) * time.Microsecond)
						n := lib.write(channel)
						one := rand.New(rand.NewPCG(r.Uint64(), 4))
						under.Go(func() { lib.publish(t, s, channel, n, one) })
						disturb(s, channel, r)
					}
					under.Wait()
				})
			}
			done := make(chan struct{})
			go func() { all.Wait(); close(done) }()
			for { // what was lost last is noticed when somebody says so
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					s.handler.Recover()
				}
			}
		})
	}
}

// disturb does what makes streams ask, or makes their log forget.
func disturb(s *station, channel string, r *rand.Rand) {
	switch r.IntN(40) {
	case 0:
		s.publish(fmt.Sprintf(`{"channel":%q,"formats":{"http-stream":{"action":"hint"}}}`, channel))
	case 1:
		s.handler.Recover()
	case 2:
		s.hub.Interrupt()
	}
}

// readAll reads as many events of each channel, and checks that each comes next.
func readAll(t *testing.T, s *station, names string, events int) {
	ctx, leave := context.WithTimeout(t.Context(), time.Minute)
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/events?channel="+names, nil)
	if err != nil {
		t.Error(err)
		return
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	next := map[string]int{}
	left := events * len(strings.Split(names, ","))
	for lines := bufio.NewScanner(resp.Body); left > 0; left-- {
		if !lines.Scan() {
			t.Errorf("%s: ended with %v, %d are missing", names, next, left)
			return
		}
		channel := lines.Text()[:1]
		next[channel]++
		if want := channel + strconv.Itoa(next[channel]); lines.Text() != want {
			t.Errorf("%s: got %s, want %s", names, lines.Text(), want)
			return
		}
	}
}
