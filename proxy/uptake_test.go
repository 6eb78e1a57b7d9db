package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An origin that does not read is no reason to wait for ever: neither for the client, nor
// for those who wait for the request's place.
func TestAnOriginThatTakesNothingOfABodyIsNotWaitedFor(t *testing.T) {
	for _, o := range originWays() {
		t.Run(o.name, func(t *testing.T) {
			over := make(chan struct{})
			origin, trust := speaking(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }), o.secure, o.set...)
			t.Cleanup(func() { close(over) })
			f := newFront(t, func(options *Options) {
				rt := routeTo(origin)
				rt.OriginProtocol, rt.ResponseHeaderTimeout = o.protocol, 100*time.Millisecond
				options.Routes, options.OriginTLS = []Route{rt}, trust
			})
			c := dialWire(t, f.addr)
			c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
			go func() {
				for piece := make([]byte, 1<<20); ; {
					if _, err := c.Write(piece); err != nil {
						return
					}
				}
			}()
			if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 504 ") {
				t.Errorf("got %s", head)
			}
			c.Close()
			f.waitCount(t, "holdfast_request_failures_total", string(OriginTimeout))
			if got := f.count(t, "holdfast_origin_requests_active"); got != 0 {
				t.Errorf("%v requests have their place still", got)
			}
		})
	}
}

func TestAnOriginMayTakeABodySlowly(t *testing.T) {
	const patience = time.Second
	tests := []struct {
		name  string
		pause time.Duration // of the origin before each piece
		rest  time.Duration // from the last one to the answer
		ok    bool
	}{
		{"piece by piece", patience - 1, 0, true},
		{"and is as slow with the last and with the answer", patience - 1, 2*patience - 1, true},
		{"but not too slowly", patience + 1, 0, false},
		{"nor never answer", 0, 2*patience + 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://a", io.NopCloser(bytes.NewReader(make([]byte, 10))))
				if err != nil {
					t.Fatal(err)
				}
				req, up := watchUptake(req, patience)
				for err == nil && req.Context().Err() == nil {
					_, err = req.Body.Read(make([]byte, 1))
					if err == nil {
						time.Sleep(tt.pause)
					}
				}
				time.Sleep(tt.rest)
				synctest.Wait()
				up.stop(nil)
				if ok := !errors.Is(context.Cause(req.Context()), errNotTaken); ok != tt.ok {
					t.Errorf("goes well: %v", ok)
				}
			})
		})
	}
}

// Who is waited for is the client.
func TestAnOriginIsNotBlamedForAClientThatSendsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a", r)
		if err != nil {
			t.Fatal(err)
		}
		req, up := watchUptake(req, time.Second)
		defer up.stop(nil)
		go func() {
			time.Sleep(time.Minute)
			w.Write([]byte("x"))
		}()
		if _, err := req.Body.Read(make([]byte, 1)); err != nil || req.Context().Err() != nil {
			t.Errorf("%v, %v", err, context.Cause(req.Context()))
		}
	})
}

// A WebSocket sends many requests under one context.
func TestTheWatchOverABodyEndsWithTheAnswer(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a", io.NopCloser(strings.NewReader("x")))
	if err != nil {
		t.Fatal(err)
	}
	req, up := watchUptake(req, time.Minute)
	resp := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("y"))}
	up.stop(resp)
	if req.Context().Err() != nil {
		t.Error("it ends before the answer's body")
	}
	if resp.Body.Close(); req.Context().Err() == nil {
		t.Error("it does not end")
	}
}
