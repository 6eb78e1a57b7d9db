package proxy

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// A stream that follows two channels is cut at a random byte, again and again,
// while both are published to. What its client has seen in the end is
// everything, once, and each channel in order.
func TestAClientCutAtRandomGetsEverythingOnce(t *testing.T) {
	formats := map[Resume]string{
		ResumeIDs:       `{"channel":%q,"formats":{"sse":{"data":%q}}}`,
		ResumePositions: `{"channel":%q,"formats":{"http-stream":{"content":"data: %s\n\n"}}}`,
	}
	for mode, format := range formats {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			const publishers, events, clients = 2, 500, 3
			s := newStation(t, func(o *stationOptions) {
				holding(paths(t), func(rt *Route) { rt.Resume = mode })(o)
				o.channels.Limits.Messages = publishers * events
			})
			var working sync.WaitGroup
			pace := make(chan struct{}, publishers) // one event per read, so that there is always something to come
			for i := range clients {
				working.Go(func() {
					tab := &tab{url: s.url + "/events?channel=a,b", random: rand.New(rand.NewPCG(uint64(i), 1)), pace: pace, lastID: testEpoch + "-0"}
					if err := tab.collect(publishers * events); err != nil {
						t.Errorf("client %d: %v", i, err)
					}
				})
			}
			for p := range publishers {
				working.Go(func() {
					for n := range events {
						<-pace
						channel := []string{"a", "b"}[n%2]
						if _, err := s.publish(fmt.Sprintf(format, channel, fmt.Sprintf("%d-%d", p, n))); err != nil {
							t.Error(err)
						}
					}
				})
			}
			working.Wait()
		})
	}
}

// tab is a client as a browser's tab is one: it knows the id of the last event
// that it has seen whole.
type tab struct {
	url    string
	random *rand.Rand
	pace   chan<- struct{} // told of every read
	lastID string
	seen   []string
}

// collect reconnects until it has seen as many messages, and checks them.
func (c *tab) collect(total int) error {
	for len(c.seen) < total {
		if err := c.connect(total); err != nil {
			return err
		}
	}
	next := map[string]int{} // by publisher
	for _, message := range c.seen {
		publisher, n, _ := strings.Cut(message, "-")
		if n != strconv.Itoa(next[publisher]) {
			return fmt.Errorf("publisher %s: got %s, want %d", publisher, n, next[publisher])
		}
		next[publisher]++
	}
	return nil
}

// connect reads a random number of bytes, or all that is missing, and leaves.
func (c *tab) connect(total int) error {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Last-Event-ID", c.lastID)
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	parser := sse.Parser{LastID: c.lastID}
	left := 1 + c.random.IntN(2000)
	for buf := make([]byte, 512); left > 0 && len(c.seen) < total; {
		select {
		case c.pace <- struct{}{}:
		default:
		}
		n, err := resp.Body.Read(buf[:min(left, len(buf))])
		if err != nil {
			return err // nobody but the client ends it
		}
		left -= n
		if err := parser.Feed(buf[:n], c.take); err != nil {
			return err
		}
	}
	c.lastID = parser.LastID
	return nil
}

// take notes a message. A gap is none that is expected, so collect finds it.
func (c *tab) take(e sse.Event) {
	switch e.Name {
	case "":
		c.seen = append(c.seen, e.Data)
	case "position":
	default:
		c.seen = append(c.seen, e.Name+": "+e.Data)
	}
}

// The origin's head is here and its body is not yet: what is published then is
// not in the body, and the stream is not held yet.
func TestWhatIsPublishedWhileTheInitialBodyArrivesComesAfterIt(t *testing.T) {
	var s *station
	headSeen := make(chan struct{}, 1)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "a, b")
		http.NewResponseController(w).Flush()
		<-headSeen
		s.send("a", "data: a\n\n")
		io.WriteString(w, "data: initial\n\n")
		http.NewResponseController(w).Flush()
		s.send("b", "data: b\n\n")
	})
	for _, mode := range []Resume{ResumeOff, ResumeIDs} {
		s = newStation(t, holding(origin.URL, func(rt *Route) { rt.Resume = mode }))
		s.send("a", "data: too early\n\n")
		c := s.watch(t, client(t), s.url)
		headSeen <- struct{}{}
		c.want(t, "data: initial\n\ndata: a\n\ndata: b\n\n")
	}
}
