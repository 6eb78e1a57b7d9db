package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"
)

// quicClient is a client that speaks HTTP/3 alone.
func quicClient(t *testing.T, trust *tls.Config) *http.Client {
	tr := &http3.Transport{TLSClientConfig: trust.Clone(), DisableCompression: true}
	t.Cleanup(func() { tr.Close() })
	return &http.Client{Transport: tr}
}

// quicWay is a way to s over HTTP/3.
func (s *station) quicWay(t *testing.T) way {
	t.Helper()
	certificate, trust := testCertificate(t)
	addr := serve(t, ServerOptions{Handler: s.handler, TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true})
	return way{quicClient(t, trust), "https://" + addr}
}

func TestStreamsOverQUICAreCountedApart(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) { rt.Name = "route" }))
	to := s.quicWay(t)
	c := s.watch(t, to.Client, to.url+"/events?channel=ch")
	c.want(t, ":hi\n\n")
	if c.Proto != "HTTP/3.0" {
		t.Fatalf("answered in %s", c.Proto)
	}
	s.waitStreams(t, "ch", 1)
	s.waitCount(t, "holdfast_requests_total", "route", "3", string(held))
	if n := s.heldCount(t, "holdfast_streams", "http/3"); n != 1 {
		t.Errorf("%v streams over http/3", n)
	}
}

func TestStreamsOverQUICGetKeepAlives(t *testing.T) {
	s := newStation(t, holding(answering(t, instruct("Grip-Keep-Alive: ping; timeout=1\r\n"+holdStream+onChannel, "initial"))))
	to := s.quicWay(t)
	c := s.watch(t, to.Client, to.url)
	c.want(t, "initialping")
}

func TestStreamsOverQUICDrainCleanly(t *testing.T) {
	s := newStation(t, holding(paths(t)))
	to := s.quicWay(t)
	c := s.watch(t, to.Client, to.url+"/events?channel=ch")
	c.want(t, ":hi\n\n")
	s.waitStreams(t, "ch", 1)
	drained := make(chan error, 1)
	go func() { drained <- s.holder.Drain(t.Context(), 0) }()
	rest, err := c.rest()
	if err != nil || !strings.HasPrefix(rest, "retry: ") {
		t.Errorf("the farewell is %q, %v", rest, err)
	}
	if err := within(t, drained, "drain"); err != nil {
		t.Error(err)
	}
}

// Nothing is under way on it, and all that was said are whole events.
func TestAStreamOverQUICThatIsCutDoesNotLookComplete(t *testing.T) {
	s := newStation(t, holding(paths(t)))
	to := s.quicWay(t)
	c := s.watch(t, to.Client, to.url+"/events?channel=ch")
	c.want(t, ":hi\n\n")
	s.waitStreams(t, "ch", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.holder.Drain(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain says %v", err)
	}
	if rest, err := c.rest(); err == nil {
		t.Errorf("%q looks complete", rest)
	}
}

// A client whose flow control lets nothing more through holds up nobody, and is
// cut, not ended as if all had been said.
func TestAClientOverQUICThatDoesNotReadIsCut(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) { rt.WriteTimeout = 50 * time.Millisecond }))
	certificate, trust := testCertificate(t)
	addr := serve(t, ServerOptions{Handler: s.handler, TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true})
	tr := &http3.Transport{TLSClientConfig: trust.Clone(), QUICConfig: &quic.Config{
		InitialStreamReceiveWindow: 16 << 10, MaxStreamReceiveWindow: 16 << 10,
	}}
	t.Cleanup(func() { tr.Close() })
	c := s.watch(t, &http.Client{Transport: tr}, "https://"+addr+"/events?channel=ch")
	c.want(t, ":hi\n\n")
	s.waitStreams(t, "ch", 1)
	s.send("ch", "data: "+strings.Repeat("x", 300_000)+"\n\n")
	s.waitStreams(t, "ch", 0)
	if n := s.heldCount(t, "holdfast_streams_ended_total", "http/3", string(hold.ReasonWriteTimeout)); n != 1 {
		t.Errorf("%v streams are counted as stuck", n)
	}
	if rest, err := c.rest(); err == nil {
		t.Errorf("%d bytes look complete", len(rest))
	}
}

func TestRequestsOverQUICHaveABodyOnlyIfThereIsOne(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d%v%s%v", r.ContentLength, r.TransferEncoding, body, err)
	})
	s := newStation(t, holding(origin.URL))
	to := s.quicWay(t)
	for _, tt := range []struct {
		method string
		body   io.Reader
		want   string
	}{
		{"GET", nil, "0[]<nil>"},
		{"OPTIONS", nil, "0[]<nil>"},
		{"DELETE", nil, "0[]<nil>"},
		{"DELETE", strings.NewReader("body"), "4[]body<nil>"},
		{"POST", strings.NewReader("body"), "4[]body<nil>"},
		{"POST", io.MultiReader(strings.NewReader("body")), "-1[chunked]body<nil>"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, to.url, tt.body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := to.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got, err := io.ReadAll(resp.Body); string(got) != tt.want || err != nil {
			t.Errorf("%s: the origin gets %s, %v; want %s", tt.method, got, err, tt.want)
		}
	}
}

// net/http answers by itself on other protocols.
func TestAClientOverQUICThatAsksBeforeItSendsIsAnswered(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	s := newStation(t, holding(origin.URL))
	to := s.quicWay(t)
	asked := make(chan struct{})
	body, send := io.Pipe()
	go func() {
		<-asked
		io.WriteString(send, "body")
		send.Close()
	}()
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		if code == http.StatusContinue {
			close(asked)
		}
		return nil
	}}
	ctx, cancel := context.WithTimeout(httptrace.WithClientTrace(t.Context(), trace), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	resp, err := to.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); string(got) != "body" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestShutdownWaitsForRequestsOverQUIC(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	certificate, trust := testCertificate(t)
	s, err := NewServer(ServerOptions{TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true, Log: zap.NewNop(),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-answer
			w.WriteHeader(http.StatusTeapot)
		})})
	if err != nil {
		t.Fatal(err)
	}
	served, down, got := make(chan error, 1), make(chan error, 1), make(chan int, 1)
	go func() { served <- s.Serve() }()
	c := quicClient(t, trust)
	go func() {
		resp, err := c.Get("https://" + s.Addrs()[0].String())
		if err != nil {
			t.Error(err)
			got <- 0
			return
		}
		resp.Body.Close()
		got <- resp.StatusCode
	}()
	within(t, arrived, "request")
	go func() { down <- s.Shutdown(t.Context()) }()
	if err := within(t, served, "Serve returns"); err != nil {
		t.Error(err)
	}
	time.Sleep(hold.Linger * 3 / 2) // longer than a client with nothing under way has
	close(answer)
	if code := within(t, got, "answer"); code != http.StatusTeapot {
		t.Errorf("got %d", code)
	}
	if err := within(t, down, "Shutdown returns"); err != nil {
		t.Error(err)
	}
}

func TestShutdownOverQUICEndsWithItsContext(t *testing.T) {
	arrived := make(chan struct{})
	certificate, trust := testCertificate(t)
	s, err := NewServer(ServerOptions{TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true, Log: zap.NewNop(),
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
		})})
	if err != nil {
		t.Fatal(err)
	}
	served, got := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.Serve() }()
	c := quicClient(t, trust)
	go func() {
		_, err := c.Get("https://" + s.Addrs()[0].String())
		got <- err
	}()
	within(t, arrived, "request")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Shutdown(ctx)
	if err := within(t, got, "client"); err == nil {
		t.Error("the client has an answer")
	}
	if err := within(t, served, "Serve returns"); err != nil {
		t.Error(err)
	}
}

// TestShutdownOverQUICDoesNotWaitForClients: one that keeps its connection, though
// nothing is under way, holds nothing up.
func TestShutdownOverQUICDoesNotWaitForClients(t *testing.T) {
	certificate, trust := testCertificate(t)
	s, err := NewServer(ServerOptions{TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true, Log: zap.NewNop(),
		Handler: http.NotFoundHandler()})
	if err != nil {
		t.Fatal(err)
	}
	served, down := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.Serve() }()
	trust = trust.Clone()
	trust.NextProtos = []string{http3.NextProtoH3}
	client, err := quic.DialAddr(t.Context(), s.Addrs()[0].String(), trust, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseWithError(0, "")
	if _, err := client.AcceptUniStream(t.Context()); err != nil { // the server knows of it
		t.Fatal(err)
	}
	go func() { down <- s.Shutdown(t.Context()) }()
	if err := within(t, down, "Shutdown returns"); err != nil {
		t.Error(err)
	}
	if err := within(t, served, "Serve returns"); err != nil {
		t.Error(err)
	}
	<-client.Context().Done()
}

// quic-go waits for the rest of a head for ever, and our pings keep the connection.
func TestAConnectionOverQUICWithoutARequestIsEnded(t *testing.T) {
	certificate, trust := testCertificate(t)
	release := make(chan struct{})
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	addr := serve(t, ServerOptions{
		Handler: answers, TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true,
		ReadHeaderTimeout: 200 * time.Millisecond, IdleTimeout: 200 * time.Millisecond,
	})
	trust = trust.Clone()
	trust.NextProtos = []string{http3.NextProtoH3}
	dial := func() *quic.Conn {
		conn, err := quic.DialAddr(t.Context(), addr, trust, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.CloseWithError(0, "") })
		return conn
	}
	sendHalfAHead := func(conn *quic.Conn) {
		stream, err := conn.OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		stream.Write([]byte{1, 0x40}) // HEADERS, and half of its length
	}

	slow, busy := dial(), dial()
	client := (&http3.Transport{}).NewClientConn(busy)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	sendHalfAHead(busy)
	sendHalfAHead(slow)
	within(t, slow.Context().Done(), "the connection ends")
	time.Sleep(500 * time.Millisecond)
	if err := context.Cause(busy.Context()); err != nil {
		t.Errorf("a connection with a request has ended: %v", err)
	}
	close(release)
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	within(t, busy.Context().Done(), "the connection ends after its request")
}
