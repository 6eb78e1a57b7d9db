package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestControlTokens(t *testing.T) {
	s := startServer(t, "origin: http://127.0.0.1:1\ncontrol: {tokens: [first, second]}\n")
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, answer := s.ask(http.MethodGet, path); status != http.StatusOK {
			t.Errorf("%s is open to all: %d %s", path, status, answer)
		}
	}
	tests := []struct {
		name, token string
		want        int
	}{
		{"no token", "", http.StatusUnauthorized},
		{"a wrong token", "third", http.StatusUnauthorized},
		{"a part of a token", "firs", http.StatusUnauthorized},
		{"one of the tokens", "first", http.StatusOK},
		{"another of them", "second", http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.token = tt.token
			for _, path := range []string{"/channels", "/metrics", "/openapi.yaml"} {
				if status, _ := s.ask(http.MethodGet, path); status != tt.want {
					t.Errorf("%s: %d, want %d", path, status, tt.want)
				}
			}
			if _, err := s.tryPublish(message("c", "", "x")); (err == nil) != (tt.want == http.StatusOK) {
				t.Errorf("publish: %v", err)
			}
		})
	}
}

// T71, asked for over HTTP and without its lingering.
func TestChannelsShowsWhoFollowsWhat(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding()))
	client := newClient(t)
	both := follow(t, client, s.URL+"/stream?channel=busy&channel=quiet", "")
	follow(t, client, s.URL+"/stream?channel=busy", "")
	s.publish(message("busy", "", "one"), message("unheard", "", "two"))
	positions := s.publish(message("busy", "", "three"))

	type info struct {
		Name                 string
		Subscribers, Entries int
		Last                 string
	}
	var page struct {
		Total    int
		Channels []info
	}
	_, answer := s.ask(http.MethodGet, "/channels")
	if err := json.Unmarshal([]byte(answer), &page); err != nil {
		t.Fatal(err)
	}
	if page.Total != 3 || len(page.Channels) != 3 {
		t.Fatalf("got %s", answer)
	}
	if got, want := page.Channels[0], (info{"busy", 2, 2, positions[0]}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := page.Channels[1]; got.Name != "quiet" || got.Subscribers != 1 || got.Entries != 0 {
		t.Errorf("got %+v", got)
	}
	if got := page.Channels[2]; got.Name != "unheard" || got.Subscribers != 0 || got.Entries != 1 {
		t.Errorf("got %+v", got)
	}
	both.leave()
	eventually(t, "nobody follows the quiet channel", func() bool {
		status, _ := s.ask(http.MethodGet, "/channels/quiet")
		return status == http.StatusNotFound
	})
	if status, _ := s.ask(http.MethodGet, "/channels/nobody"); status != http.StatusNotFound {
		t.Errorf("a channel that is not there: %d", status)
	}
}

// TestMaxStreams: a browser that is one too many is told to come back, others
// are refused, and a place that gets free is given again.
func TestMaxStreams(t *testing.T) {
	s := startServer(t, "max_streams: 2\norigin: "+startOrigin(t, holding()))
	client := newClient(t)
	first := follow(t, client, s.URL+"/stream?channel=c", "")
	subscribe(t, client, s.URL+"/raw?channel=c", "")

	third := subscribe(t, client, s.URL+"/stream?channel=c", "")
	if b := third.next(); b.retry == "" {
		t.Errorf("got %+v, want a retry", b)
	}
	third.wantEnd()
	response, _ := get(t, client, s, "", "/poll?channel=c", "Accept", "*/*")
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("got %s, %v", response.Status, response.Header)
	}
	first.leave()
	eventually(t, "the place is free", func() bool {
		again := subscribe(t, client, s.URL+"/stream?channel=c", "")
		return again.next().comment == "welcome"
	})
}

// TestServerLimitsHoldForBothEndpoints is the manual's word on the section
// server.
func TestServerLimitsHoldForBothEndpoints(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, named("o"))+"\nserver: {max_header_bytes: 4KiB, header_timeout: 300ms, idle_timeout: 300ms}\n")
	control := strings.TrimPrefix(s.controlURL, "http://")
	for name, address := range map[string]string{"clients": s.address, "control": control} {
		tests := []struct{ name, send, want string }{
			{"a head that is too large is refused", "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "HTTP/1.1 431 "},
			{"a head that does not end is given up", "GET / HTTP/1.1\r\nHost: localhost\r\n", ""},
			{"a connection without a request is closed", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 "},
		}
		for _, tt := range tests {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.SetDeadline(time.Now().Add(goodTime))
				io.WriteString(c, tt.send)
				answer, _ := io.ReadAll(c) // returns when the server closes; it may reset
				if !strings.HasPrefix(string(answer), tt.want) {
					t.Errorf("got %q, want %q", answer, tt.want)
				}
			})
		}
	}
}
