package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/quic-go/quic-go/http3"
)

// way is a client and the base URL that it asks.
type way struct {
	*http.Client
	url string
}

// ways returns a way to s per protocol and kind of connection.
func (s *station) ways(t *testing.T) map[string]way {
	t.Helper()
	certificate, trust := testCertificate(t)
	secure := "https://" + serve(t, ServerOptions{Handler: s.handler, TLSListen: []string{"127.0.0.1:0"},
		TLS: certificate, HTTP3: true, WrapListener: hold.Listen, ConnContext: hold.ConnContext})
	foreign := "http://" + serve(t, ServerOptions{Handler: s.handler, Listen: []string{"127.0.0.1:0"}})
	return map[string]way{
		"HTTP/1.1":                       {protocolClient(t, trust, (*http.Protocols).SetHTTP1), s.url},
		"HTTP/1.1 on a foreign listener": {protocolClient(t, trust, (*http.Protocols).SetHTTP1), foreign},
		"HTTP/1.1 over TLS":              {protocolClient(t, trust, (*http.Protocols).SetHTTP1), secure},
		"HTTP/2 over TLS":                {protocolClient(t, trust, (*http.Protocols).SetHTTP2), secure},
		"HTTP/2 in plain text":           {protocolClient(t, trust, (*http.Protocols).SetUnencryptedHTTP2), s.url},
		"HTTP/3":                         {quicClient(t, trust), secure},
	}
}

func protocolClient(t *testing.T, trust *tls.Config, set func(*http.Protocols, bool)) *http.Client {
	var p http.Protocols
	set(&p, true)
	tr := &http.Transport{Protocols: &p, TLSClientConfig: trust.Clone(), DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// paths is an origin that answers by path.
func paths(t *testing.T) string {
	return newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Grip-Channel", r.URL.Query().Get("channel"))
		switch r.URL.Path {
		case "/events":
			h.Set("Content-Type", eventStream)
			h.Set("Grip-Hold", "stream")
			io.WriteString(w, ":hi\n\n")
		case "/poll":
			h.Set("Grip-Hold", "response")
		case "/cut":
			h.Set("Grip-Hold", "stream")
			io.WriteString(w, "cut")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}).URL
}

func TestEveryProtocolHoldsStreams(t *testing.T) {
	s := newStation(t, holding(paths(t)))
	for name, to := range s.ways(t) {
		t.Run(name, func(t *testing.T) {
			c := s.watch(t, to.Client, to.url+"/events?channel=ch")
			if to := c.Header.Get("X-Accel-Buffering"); to != "no" || c.ContentLength != -1 {
				t.Errorf("head %v", c.Header)
			}
			c.want(t, ":hi\n\n")
			s.send("ch", "data: one\n\n")
			c.want(t, "data: one\n\n")
			large := "data: " + strings.Repeat("x", 300_000) + "\n\n"
			s.send("ch", large)
			c.want(t, large)
			if _, err := s.publish(`{"channel":"ch","formats":{"http-stream":{"content":"data: last\n\n"}}},
				{"channel":"ch","formats":{"http-stream":{"action":"close"}}}`); err != nil {
				t.Fatal(err)
			}
			if rest, err := c.rest(); rest != "data: last\n\n" || err != nil {
				t.Errorf("rest %q, %v", rest, err)
			}
			s.waitStreams(t, "ch", 0)
		})
	}
}

func TestEveryProtocolNoticesThatAClientLeaves(t *testing.T) {
	s := newStation(t, holding(paths(t)))
	for name, to := range s.ways(t) {
		for _, path := range []string{"/events", "/poll"} {
			t.Run(name+path, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.url+path+"?channel=ch", nil)
				if err != nil {
					t.Fatal(err)
				}
				gone := make(chan error, 1)
				go func() {
					resp, err := to.Do(req)
					if err == nil { // of a stream
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					gone <- err
				}()
				s.waitStreams(t, "ch", 1)
				leave()
				if err := within(t, gone, "client"); err == nil {
					t.Error("the client saw an end")
				}
				s.waitStreams(t, "ch", 0)
			})
		}
	}
}

func TestEveryProtocolIsCutWithTheInitialBody(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) { rt.Name = "route" }))
	for name, to := range s.ways(t) {
		t.Run(name, func(t *testing.T) {
			wantCut(t, to, "/cut?channel=ch")
			s.waitStreams(t, "ch", 0)
			s.waitCount(t, "holdfast_request_failures_total", "route", string(OriginCut))
		})
	}
}

// wantCut asks for path and wants no answer that looks complete. On HTTP/3 a reset
// may overtake the head (RFC 9000 §3.2).
func wantCut(t *testing.T, to way, path string) {
	t.Helper()
	resp, err := to.Get(to.url + path)
	if err != nil {
		if _, quic := to.Transport.(*http3.Transport); !quic {
			t.Error(err)
		}
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("%q looks complete", body)
	}
}

func TestEveryProtocolAnswersResponseHolds(t *testing.T) {
	s := newStation(t, holding(paths(t)))
	for name, to := range s.ways(t) {
		t.Run(name, func(t *testing.T) {
			type result struct {
				*http.Response
				body string
				err  error
			}
			answered := make(chan result, 1)
			go func() {
				resp, err := to.Get(to.url + "/poll?channel=ch")
				if err != nil {
					answered <- result{err: err}
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				answered <- result{resp, string(body), err}
			}()
			s.waitStreams(t, "ch", 1)
			if _, err := s.publish(`{"channel":"ch","formats":{"http-response":{"code":201,"headers":{"X-A":"1"},"body":"hi"}}}`); err != nil {
				t.Fatal(err)
			}
			resp := within(t, answered, "answer")
			if resp.err != nil {
				t.Fatal(resp.err)
			}
			if resp.StatusCode != http.StatusCreated || resp.Header.Get("X-A") != "1" || resp.body != "hi" {
				t.Errorf("got %s %v %q", resp.Status, resp.Header, resp.body)
			}
			s.waitStreams(t, "ch", 0)
		})
	}
}

// The origin answers before it has the whole request, of which the client
// sends no more.
func TestEveryProtocolHoldsBeforeTheRequestIsComplete(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct(holdStream+onChannel, "initial"))))
	for name, to := range s.ways(t) {
		t.Run(name, func(t *testing.T) {
			body, more := io.Pipe()
			go io.WriteString(more, "begin")
			ctx, leave := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := to.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				leave()
				more.Close()
				resp.Body.Close()
				s.waitStreams(t, "ch", 0)
			}()
			c := &stream{Response: resp}
			c.want(t, "initial")
			s.send("ch", "one")
			c.want(t, "one")
		})
	}
}
