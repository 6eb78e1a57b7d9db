package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// crowded is an origin that holds every stream and counts how many requests it
// has at once.
type crowded struct {
	origin http.Handler
	work   time.Duration // that a request takes

	mu            sync.Mutex
	present, most int
}

func (c *crowded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.enter(1)
	defer c.enter(-1)
	time.Sleep(c.work)
	c.origin.ServeHTTP(w, r)
}

func (c *crowded) enter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present += n
	c.most = max(c.most, c.present)
}

// rush makes clients connect to s at once and reports what is wrong with
// those that are not held. All of them get what is published then.
func rush(t *testing.T, s *server, clients int) {
	t.Helper()
	var welcomed, told sync.WaitGroup
	welcomed.Add(clients)
	start := make(chan struct{})
	for range clients {
		told.Go(func() {
			var once sync.Once
			defer once.Do(welcomed.Done)
			<-start
			if err := rusher(s.address, func() { once.Do(welcomed.Done) }); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	welcomed.Wait()
	s.publish(message("storm", "", "calm"))
	told.Wait()
}

// rusher is one client: it is held, calls welcomed, and reads one event.
func rusher(address string, welcomed func()) error {
	c, err := net.DialTimeout("tcp", address, goodTime)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(goodTime))
	fmt.Fprint(c, "GET /stream?channel=storm HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	body := bufio.NewReader(response.Body) // whose Close would wait for the stream's end
	if b, err := readBlock(body); err != nil || response.StatusCode != http.StatusOK || b.comment != "welcome" {
		rest, _ := io.ReadAll(body)
		return fmt.Errorf("got %s, %+v, %q, %v", response.Status, b, rest, err)
	}
	welcomed()
	if b, err := readBlock(body); err != nil || b.data != "calm" {
		return fmt.Errorf("got %+v, %v instead of the event", b, err)
	}
	return nil
}

func TestNobodyIsRefusedInAStorm(t *testing.T) {
	storms := []int{256}
	if !testing.Short() {
		storms = append(storms, min(2000, fileLimit()/5)) // four descriptors each, as all are in this process
	}
	for _, clients := range storms {
		t.Run(fmt.Sprint(clients), func(t *testing.T) {
			s := startServer(t, "origin: "+startOrigin(t, holding()))
			rush(t, s, clients)
			s.wantNobodyRefused()
		})
	}
}

func TestLimitsSpreadAStorm(t *testing.T) {
	const clients, places = 256, 8
	origin := &crowded{origin: holding(), work: time.Millisecond}
	s := startServer(t, fmt.Sprintf("limits: {origin_requests: %d, new_streams: 2000, new_streams_burst: 50}\norigin: %s", places, startOrigin(t, origin)))
	rush(t, s, clients)
	s.wantNobodyRefused()
	if origin.most > places {
		t.Errorf("the origin had %d requests at once, %d are allowed", origin.most, places)
	}
}

func TestLimitsReachTheProxy(t *testing.T) {
	cfg := config.Default()
	cfg.Origin = "http://o"
	cfg.Limits = config.Limits{OriginRequests: 1, NewStreams: 2, NewStreamsBurst: 3, Queue: 4, QueueWait: time.Second}
	o, err := proxyOptions(cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := proxy.Limits{NewStreams: 2, Burst: 3, Queue: 4, Patience: time.Second}
	if o.Limits != want || o.Routes[0].OriginRequests != 1 {
		t.Errorf("got %+v and %d", o.Limits, o.Routes[0].OriginRequests)
	}
}

// wantNobodyRefused checks that all requests so far were held.
func (s *server) wantNobodyRefused() {
	s.t.Helper()
	for name, n := range s.metrics() {
		if strings.HasPrefix(name, "holdfast_requests_total{") && !strings.Contains(name, `outcome="held"`) && n > 0 {
			s.t.Errorf("%s %v", name, n)
		}
	}
}
