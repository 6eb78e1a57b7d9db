package main

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// linking is an origin whose streams are alice's, on the channel lobby, with a link that
// leads to the channel secret. Whoever asks for the link waits for next.
func linking(next func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Link", "</next>; rel=next")
		if r.URL.Path == "/next" {
			next()
			h.Set("Grip-Channel", "secret")
			io.WriteString(w, "data: of the link\n\n")
			return
		}
		h.Set("Grip-Expires", "3600")
		h.Set("Grip-Channel", "lobby")
		h.Set("Grip-Set-Meta", "user=alice")
		io.WriteString(w, "data: hello\n\n")
	})
}

// TestNobodySlipsThroughARevocationByALink, whether the origin was asked before it or
// after.
func TestNobodySlipsThroughARevocationByALink(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"auto", "goroutines"} {
		for _, asked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, asked before: %v", engine, asked), func(t *testing.T) {
				t.Parallel()
				asks, answer := make(chan struct{}, 10), make(chan struct{})
				origin := startOrigin(t, linking(func() { asks <- struct{}{}; <-answer }))
				s := startServer(t, "origin: "+origin+"\nhold: {engine: "+engine+"}\n")
				alice := subscribe(t, newClient(t), s.URL+"/", "")
				if b := alice.next(); b.data != "hello" {
					t.Fatalf("got %+v", b)
				}
				eventually(t, "she is held", func() bool { return len(s.streams("channel=lobby")) == 1 })
				recover := func() {
					if status, says := s.ask(http.MethodPost, "/recover/"); status != http.StatusOK {
						t.Fatalf("%d %s", status, says)
					}
					<-asks
				}
				if asked {
					recover()
				}
				if r := s.revoke(`{"user":"alice","channel":"secret"}`); r.Ended != 0 {
					t.Errorf("ended: %+v", r)
				}
				if !asked {
					recover()
				}
				close(answer)
				alice.wantRevoked()
				eventually(t, "she has left", func() bool { return len(s.streams("")) == 0 })
			})
		}
	}
}

func TestARecheckMeansTheChannelsThatALinkHasLedTo(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, linking(func() {}))+"\n")
	alice := subscribe(t, newClient(t), s.URL+"/", "")
	alice.next()
	eventually(t, "she is held", func() bool { return len(s.streams("channel=lobby")) == 1 })
	s.ask(http.MethodPost, "/recover/")
	if b := alice.next(); b.data != "of the link" {
		t.Fatalf("got %+v", b)
	}
	eventually(t, "she is led on", func() bool { return len(s.streams("channel=secret")) == 1 })
	if r := s.revoke(`{"channel":"lobby","action":"recheck"}`); r.Checked != 0 || r.Ended != 0 {
		t.Errorf("who has left the channel: %+v", r)
	}
	if r := s.revoke(`{"channel":"secret","action":"recheck"}`); r.Checked != 1 || r.Ended != 0 {
		t.Errorf("who is on the channel: %+v", r)
	}
}
