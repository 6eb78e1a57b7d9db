package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// shelf is an origin that keeps its events: n of them, with the ids 1 to n. A
// request for more gets those that the client has not seen. It wants to know who
// has gone.
type shelf struct {
	mu   sync.Mutex
	n    int
	gone map[string]int
}

func (o *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path == "/bye" {
		o.gone[r.FormValue("who")]++
		return
	}
	h, who := w.Header(), r.FormValue("who")
	h.Set("Content-Type", "text/event-stream")
	h.Set("Grip-Hold", "stream")
	h.Set("Grip-Channel", fmt.Sprint("news; prev-id=", o.n))
	h.Set("Grip-Link", "</next?who="+who+">; rel=next, </bye?who="+who+">; rel=gone")
	_, last, _ := strings.Cut(r.Header.Get("Grip-Last"), "last-id=")
	seen, err := strconv.Atoi(last)
	if err != nil {
		seen = o.n // a new client wants what is new
	}
	for id := seen + 1; id <= o.n; id++ {
		fmt.Fprintf(w, "id: %d\ndata: %[1]d\n\n", id)
	}
	io.WriteString(w, ": open\n\n")
}

// write adds an event, and publishes it unless it is to be lost.
func (o *shelf) write(s *server, lost bool) {
	o.mu.Lock()
	o.n++
	id := o.n
	o.mu.Unlock()
	if lost {
		return
	}
	s.publish(fmt.Sprintf(`{"channel":"news","id":"%d","prev-id":"%d","no-seq":true,"formats":{"sse":{"data":"%[1]d"}}}`, id, id-1))
}

// What is lost on its way to the process comes from the origin, in each holder and
// over each protocol; and the origin learns who has gone, also at the end.
func TestLostEventsComeFromTheOriginAndTheOriginHearsWhoHasGone(t *testing.T) {
	for _, engine := range []string{"auto", "goroutines"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			cert := newCertificate(t)
			o := &shelf{gone: map[string]int{}}
			s := startServer(t, "origin: "+startOrigin(t, o)+"\nhold: {engine: "+engine+"}\n"+cert.yaml())
			var streams []*subscriber
			for i, d := range dialects(t, cert.pem) {
				streams = append(streams, subscribe(t, d.client, fmt.Sprint(d.url(s), "/?who=", i), ""))
			}
			s.holds(len(streams))
			for n := range 20 {
				o.write(s, n%3 == 1)
			}
			o.write(s, true)
			if status, answer := s.ask(http.MethodPost, "/recover/"); status != http.StatusOK {
				t.Errorf("recover: %d %s", status, answer)
			}
			for i, one := range streams {
				for want := 1; want <= o.n; {
					b := one.next()
					switch {
					case b.data == "" && b.event == "": // a comment
					case b.data != strconv.Itoa(want):
						t.Fatalf("stream %d: got %+v, want %d", i, b, want)
					default:
						want++
					}
				}
			}
			s.signal()
			<-s.ended
			for i := range streams {
				if n := o.gone[strconv.Itoa(i)]; n != 1 {
					t.Errorf("told %d times that %d has gone", n, i)
				}
			}
		})
	}
}
