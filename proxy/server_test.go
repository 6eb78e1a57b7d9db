package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"go.uber.org/zap"
)

// testCertificate returns what a server for 127.0.0.1 shows, and a config that
// trusts it.
func testCertificate(t *testing.T) (server, trust *tls.Config) {
	t.Helper()
	authority := certstest.NewAuthority(t, "authority")
	own := authority.Issue(t, "127.0.0.1").TLS(t)
	return &tls.Config{Certificates: []tls.Certificate{own}}, &tls.Config{RootCAs: authority.Pool()}
}

// protocolClients returns a client per protocol and its base URL, for a proxy
// before origin.
func protocolClients(t *testing.T, origin string) map[string]way {
	t.Helper()
	f := newFront(t, to(origin))
	certificate, trust := testCertificate(t)
	secure := "https://" + serve(t, ServerOptions{Handler: f.handler, TLSListen: []string{"127.0.0.1:0"},
		TLS: certificate, HTTP3: true, WrapListener: hold.Listen, ConnContext: hold.ConnContext})
	clients := map[string]way{}
	add := func(name, url string, set func(*http.Protocols)) {
		var p http.Protocols
		set(&p)
		tr := &http.Transport{Protocols: &p, TLSClientConfig: trust.Clone(), DisableCompression: true}
		t.Cleanup(tr.CloseIdleConnections)
		clients[name] = way{&http.Client{Transport: tr}, url}
	}
	add("HTTP/1.1", f.url, func(p *http.Protocols) { p.SetHTTP1(true) })
	add("HTTP/1.1 over TLS", secure, func(p *http.Protocols) { p.SetHTTP1(true) })
	add("HTTP/2 over TLS", secure, func(p *http.Protocols) { p.SetHTTP2(true) })
	add("HTTP/2 in plain text", f.url, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	clients["HTTP/3 over TLS"] = way{quicClient(t, trust), secure}
	return clients
}

func TestEveryProtocolStreamsBothWaysWithTrailers(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		w.Header().Set("Trailer", "X-Out")
		w.Header().Set("X-Proto", r.Header.Get("X-Forwarded-Proto"))
		w.Header().Set("X-Via", r.Header.Get("Via"))
		rc.Flush()
		buf := make([]byte, 100)
		for {
			n, err := r.Body.Read(buf)
			w.Write(buf[:n])
			rc.Flush()
			if err != nil {
				break
			}
		}
		w.Header().Set("X-Out", r.Trailer.Get("X-In"))
	})
	for name, c := range protocolClients(t, origin.URL) {
		t.Run(name, func(t *testing.T) {
			body, send := io.Pipe()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url, body)
			if err != nil {
				t.Fatal(err)
			}
			req.Trailer = http.Header{"X-In": {"t"}}
			resp, err := c.Do(req) // the answer begins before the request ends
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for _, part := range []string{"one", "two"} {
				io.WriteString(send, part)
				got := make([]byte, len(part))
				if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != part {
					t.Fatalf("read %q, %v", got, err)
				}
			}
			send.Close()
			if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
				t.Errorf("rest %q, %v", rest, err)
			}
			if got := resp.Trailer.Get("X-Out"); got != "t" {
				t.Errorf("trailer %q", got)
			}
			wantVia, wantProto := "1.1 holdfast", "http"
			if strings.Contains(name, "HTTP/2") {
				wantVia = "2.0 holdfast"
			}
			if strings.Contains(name, "HTTP/3") {
				wantVia = "3.0 holdfast"
			}
			if strings.Contains(name, "TLS") {
				wantProto = "https"
			}
			if via, proto := resp.Header.Get("X-Via"), resp.Header.Get("X-Proto"); via != wantVia || proto != wantProto {
				t.Errorf("origin was told Via %q, X-Forwarded-Proto %q", via, proto)
			}
		})
	}
}

func TestEveryProtocolIsCutWithTheOrigin(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	for name, c := range protocolClients(t, origin.URL) {
		t.Run(name, func(t *testing.T) {
			wantCut(t, c, "")
		})
	}
}

func TestEveryProtocolTakesItsOriginRequestAlong(t *testing.T) {
	left := make(chan struct{}, 1)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		left <- struct{}{}
	})
	for name, c := range protocolClients(t, origin.URL) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			resp.Body.Close()
			within(t, left, "origin's request ends")
		})
	}
}

func TestTooLargeAHeadIs431(t *testing.T) {
	f := newFront(t, to("http://o.test"))
	c := dialWire(t, f.addr)
	go io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 200<<10)+"\r\n\r\n")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 431 ") {
		t.Errorf("got %s", head)
	}
}

func TestSlowHeadsAreEnded(t *testing.T) {
	addr := serve(t, ServerOptions{Handler: http.NotFoundHandler(), Listen: []string{"127.0.0.1:0"}, ReadHeaderTimeout: 20 * time.Millisecond})
	c := dialWire(t, addr)
	c.send("GET / HTTP/1.1\r\nHos")
	if rest, err := c.rest(); !strings.HasPrefix(rest, "HTTP/1.1 400 ") || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestShutdownAnswersRequestsUnderWay(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	s, err := NewServer(ServerOptions{Listen: []string{"127.0.0.1:0"}, Log: zap.NewNop(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
		io.WriteString(w, "done")
	})})
	if err != nil {
		t.Fatal(err)
	}
	served, down := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.Serve() }()
	addr := s.Addrs()[0].String()
	c := dialWire(t, addr)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	within(t, arrived, "request")
	go func() { down <- s.Shutdown(t.Context()) }()
	if err := within(t, served, "Serve returns"); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("a new connection is accepted")
	}
	close(answer)
	if rest, err := c.rest(); !strings.HasSuffix(rest, "done") || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
	if err := within(t, down, "Shutdown returns"); err != nil {
		t.Error(err)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		o    ServerOptions
		want string
	}{
		{"an address that is taken", ServerOptions{Listen: []string{"127.0.0.1:0", taken.Addr().String()}}, "listen: listen tcp " + taken.Addr().String() + ": bind: address already in use"},
		{"an address that is taken, over TLS", ServerOptions{TLSListen: []string{taken.Addr().String()}, TLS: new(tls.Config)}, "tls.listen: listen tcp "},
		{"TLS without a certificate", ServerOptions{TLSListen: []string{"127.0.0.1:0"}}, "needs certificates"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Log = zap.NewNop()
			if _, err := NewServer(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestListenersAreWrappedBelowTLS(t *testing.T) {
	certificate, trust := testCertificate(t)
	type key struct{}
	var wrapped []net.Listener
	addr := serve(t, ServerOptions{
		TLSListen: []string{"127.0.0.1:0"}, TLS: certificate,
		WrapListener: func(l net.Listener) net.Listener {
			wrapped = append(wrapped, l)
			return l
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			_, over := c.(*tls.Conn)
			return context.WithValue(ctx, key{}, over)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Context().Value(key{}) != true {
				w.WriteHeader(http.StatusTeapot)
			}
		}),
	})
	c := client(t)
	c.Transport.(*http.Transport).TLSClientConfig = trust
	if resp, _ := get(t, c, "https://"+addr); resp.StatusCode != http.StatusOK || len(wrapped) != 1 {
		t.Errorf("got %s, %d listeners wrapped", resp.Status, len(wrapped))
	}
}
