package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// attacker has an address of its own: on Linux all of 127.0.0.0/8 is this machine.
type attacker struct {
	t    *testing.T
	from net.IP
	to   string
}

// connect connects and says something. The connection is closed when the test ends.
func (a *attacker) connect(say string) net.Conn {
	a.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: a.from}}
	c, err := dialer.Dial("tcp", a.to)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, say); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		a.t.Fatal(err)
	}
	return c
}

// flood connects many times at once.
func (a *attacker) flood(times int, say func(i int) string) []net.Conn {
	conns := make([]net.Conn, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() { conns[i] = a.connect(say(i)) })
	}
	all.Wait()
	return conns
}

// flooded is a server with limits.
func flooded(t *testing.T) *server {
	origin := holding()
	origin.HandleFunc("/page", func(http.ResponseWriter, *http.Request) {})
	return startServer(t, "origin: "+startOrigin(t, origin)+`
max_streams: 200
max_channels_per_stream: 10
server: {max_header_bytes: 4KiB, max_body: 1KiB, header_timeout: 1h, body_timeout: 1h}
limits: {connections_per_address: 50, streams_per_address: 20, streams_per_channel: 30}
channels: {idle: 100, memory_limit: 1MiB, replay: {messages: 10, bytes: 4KiB}, send_window: {messages: 10, bytes: 4KiB}}
`)
}

// refused is how many connections were, for their address.
func (s *server) refused() float64 {
	return s.metrics()[`holdfast_connections_refused_total{reason="too_many_of_address"}`]
}

// sum adds up what a metric has, whatever its labels.
func (s *server) sum(metric string) (n float64) {
	for name, value := range s.metrics() {
		if name == metric || strings.HasPrefix(name, metric+"{") {
			n += value
		}
	}
	return n
}

// TestLimitsHoldUnderAFlood: an attacker gets what it may have and not more, whatever
// it tries, and a client elsewhere is served all the while. What is looked at is
// counted, not timed.
func TestLimitsHoldUnderAFlood(t *testing.T) {
	s := flooded(t)
	client := follow(t, newClient(t), s.URL+"/stream?channel=mine", "")
	served := func(t *testing.T) {
		t.Helper()
		s.publish(message("mine", "", "hello"))
		client.wantData("hello")
		if response, _ := get(t, newClient(t), s, "localhost", "/page"); response.StatusCode != http.StatusOK {
			t.Errorf("a client elsewhere gets %s", response.Status)
		}
	}
	another := func(last byte) *attacker { return &attacker{t, net.IPv4(127, 0, 0, last), s.address} }

	t.Run("connections that say nothing", func(t *testing.T) {
		another(2).flood(300, func(int) string { return "" })
		eventually(t, "250 are refused", func() bool { return s.refused() == 250 })
		served(t)
	})
	t.Run("halves of requests", func(t *testing.T) {
		another(3).flood(300, func(i int) string { return "POST / HTTP/1.1\r\nHost: a\r\nX-" + fmt.Sprint(i) + ": " })
		eventually(t, "250 more are refused", func() bool { return s.refused() == 500 })
		served(t)
	})
	t.Run("heads and bodies that are too large", func(t *testing.T) {
		a := another(4)
		for name, request := range map[string]string{
			"431": "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
			"413": "POST /poll HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n",
		} {
			for range 20 {
				c := a.connect(request)
				c.SetReadDeadline(time.Now().Add(goodTime))
				answer := make([]byte, len("HTTP/1.1 431"))
				if _, err := io.ReadFull(c, answer); err != nil || !strings.HasSuffix(string(answer), name) {
					t.Fatalf("got %q, %v, want %s", answer, err, name)
				}
				c.Close()
			}
		}
		served(t)
	})
	t.Run("streams of one address", func(t *testing.T) {
		a := another(5)
		held := a.flood(45, func(i int) string { return asksFor("/stream?channel=five", "text/event-stream") })
		eventually(t, "25 are told to come back", func() bool {
			return s.metrics()[`holdfast_request_failures_total{reason="too_many_of_address",route="/"}`] == 25
		})
		s.holds(1 + 20)
		for _, c := range held {
			c.Close()
		}
		s.holds(1)
		served(t)
	})
	t.Run("streams of one channel", func(t *testing.T) {
		for last := byte(10); last < 14; last++ {
			another(last).flood(15, func(i int) string { return asksFor("/stream?channel=full", "text/event-stream") })
		}
		eventually(t, "30 are told to come back", func() bool {
			return s.metrics()[`holdfast_request_failures_total{reason="too_many_of_channel",route="/"}`] == 30
		})
		s.holds(1 + 30)
		served(t)
	})
	t.Run("channels", func(t *testing.T) {
		path := "/stream?channel=0"
		for i := range 10 {
			path += fmt.Sprintf("&channel=%d", i+1)
		}
		c := another(20).connect(asksFor(path, "text/plain"))
		c.SetReadDeadline(time.Now().Add(goodTime))
		answer := make([]byte, len("HTTP/1.1 502"))
		if _, err := io.ReadFull(c, answer); err != nil || !strings.HasSuffix(string(answer), "502") {
			t.Errorf("eleven channels get %q, %v", answer, err)
		}
		for i := range 500 {
			s.publish(message(fmt.Sprint("c", i), "", strings.Repeat("x", 8<<10)))
		}
		if kept, bytes := s.sum("holdfast_channels"), s.sum("holdfast_log_memory_bytes"); kept > 110 || bytes > 1<<20 {
			t.Errorf("%v channels keep %v bytes", kept, bytes)
		}
		served(t)
	})
}

// asksFor is a request for a path.
func asksFor(path, accept string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: a\r\nAccept: " + accept + "\r\n\r\n"
}
