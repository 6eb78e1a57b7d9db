package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// speaking starts an origin that speaks what set says, and returns how to trust
// it.
func speaking(t *testing.T, h http.Handler, secure bool, set ...func(*http.Protocols, bool)) (url string, trust *tls.Config) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Config.Protocols = new(http.Protocols)
	for _, speak := range set {
		speak(srv.Config.Protocols, true)
	}
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	if !secure {
		srv.Start()
		return srv.URL, nil
	}
	srv.EnableHTTP2 = srv.Config.Protocols.HTTP2()
	srv.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv.URL, &tls.Config{RootCAs: roots}
}

// originWay is a way to speak with an origin.
type originWay struct {
	name     string
	protocol OriginProtocol
	secure   bool
	set      []func(*http.Protocols, bool)
	want     string // what the origin is asked in
}

func originWays() []originWay {
	one, two, clear := (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2, (*http.Protocols).SetUnencryptedHTTP2
	type list = []func(*http.Protocols, bool)
	return []originWay{
		{"http1 over TLS, with an origin that offers more", OriginHTTP1, true, list{one, two}, "HTTP/1.1"},
		{"auto in the clear", OriginAuto, false, list{one, clear}, "HTTP/1.1"},
		{"auto over TLS", OriginAuto, true, list{one, two}, "HTTP/2.0"},
		{"auto over TLS, with an origin that offers HTTP/1.1", OriginAuto, true, list{one}, "HTTP/1.1"},
		{"http2", OriginHTTP2, true, list{one, two}, "HTTP/2.0"},
		{"h2c", OriginH2C, false, list{one, clear}, "HTTP/2.0"},
	}
}

func TestEveryOriginProtocolHoldsStreams(t *testing.T) {
	for _, o := range originWays() {
		t.Run(o.name, func(t *testing.T) {
			origin, trust := speaking(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", eventStream)
				w.Header().Set("Grip-Hold", "stream")
				w.Header().Set("Grip-Channel", "ch")
				fmt.Fprintf(w, "data: %s\n\n", r.Proto)
			}), o.secure, o.set...)
			s := newStation(t, func(options *stationOptions) {
				holding(origin, func(rt *Route) { rt.OriginProtocol = o.protocol })(options)
				options.OriginTLS = trust
			})
			for range 3 { // on connections that are used again, too
				c := s.watch(t, client(t), s.url)
				c.want(t, "data: "+o.want+"\n\n")
				s.waitStreams(t, "ch", 1)
				s.send("ch", "data: one\n\n")
				c.want(t, "data: one\n\n")
				c.leave()
				s.waitStreams(t, "ch", 0)
			}
		})
	}
}

func TestEveryOriginProtocolRelaysBodiesTrailersAndUpgrades(t *testing.T) {
	for _, o := range originWays() {
		t.Run(o.name, func(t *testing.T) {
			origin, trust := speaking(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Upgrade") != "" {
					conn, rw, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
					rw.Flush()
					return
				}
				http.NewResponseController(w).EnableFullDuplex()
				w.Header().Set("Trailer", "X-Out")
				io.Copy(w, r.Body)
				w.Header().Set("X-Out", "t")
			}), o.secure, o.set...)
			f := newFront(t, func(options *Options) {
				rt := routeTo(origin)
				rt.OriginProtocol = o.protocol
				options.Routes, options.OriginTLS = []Route{rt}, trust
			})
			resp, err := client(t).Post(f.url, "text/plain", io.LimitReader(strings.NewReader(strings.Repeat("x", 300_000)), 1<<20))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); len(body) != 300_000 || err != nil || resp.Trailer.Get("X-Out") != "t" {
				t.Errorf("%d bytes, %v, trailer %v", len(body), err, resp.Trailer)
			}
			c := dialWire(t, f.addr)
			c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
				t.Errorf("the upgrade gets %s", head)
			}
		})
	}
}

func TestAnOriginWithoutTheProtocolThatItMustSpeakIsUnreachable(t *testing.T) {
	origin, trust := speaking(t, http.NotFoundHandler(), true, (*http.Protocols).SetHTTP1)
	f := newFront(t, func(options *Options) {
		rt := routeTo(origin)
		rt.OriginProtocol, rt.Name = OriginHTTP2, "route"
		options.Routes, options.OriginTLS = []Route{rt}, trust
	})
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
	f.waitCount(t, "holdfast_request_failures_total", "route", string(OriginUnreachable))
}

// An origin that ends a request's stream without an answer is asked once more, if
// that does no harm.
func TestAStreamOfAnOriginThatBreaksIsAskedOnceMore(t *testing.T) {
	var asked atomic.Int32
	origin, trust := speaking(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
	}), true, (*http.Protocols).SetHTTP2)
	f := newFront(t, func(options *Options) {
		rt := routeTo(origin)
		rt.OriginProtocol = OriginHTTP2
		options.Routes, options.OriginTLS = []Route{rt}, trust
	})
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusOK || asked.Load() != 2 {
		t.Errorf("got %s, asked %d times", resp.Status, asked.Load())
	}
}

// The client sends no more of its body, and would never notice.
func TestAStreamOfAnOriginThatBreaksWithinTheBodyIsTold(t *testing.T) {
	origin, trust := speaking(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 4))
		panic(http.ErrAbortHandler)
	}), true, (*http.Protocols).SetHTTP2)
	f := newFront(t, func(options *Options) {
		rt := routeTo(origin)
		rt.OriginProtocol = OriginHTTP2
		options.Routes, options.OriginTLS = []Route{rt}, trust
	})
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 502 ") {
		t.Errorf("got %s", head)
	}
}

func TestOriginsAreTrustedAndToldAsTheRouteSays(t *testing.T) {
	servers, clients := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "clients")
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS.ServerName, " ", r.TLS.PeerCertificates[0].DNSNames[0])
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{
		Certificates: []tls.Certificate{servers.Issue(t, "origin.example").TLS(t)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients.Pool(),
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	own := clients.Issue(t, "holdfast.example").TLS(t)
	for _, protocol := range []OriginProtocol{OriginHTTP1, OriginAuto} {
		f := newFront(t, func(options *Options) {
			rt := routeTo(srv.URL)
			rt.OriginProtocol = protocol
			rt.OriginTLS = &showing{&tls.Config{RootCAs: servers.Pool(), Certificates: []tls.Certificate{own}, ServerName: "origin.example"}}
			options.Routes = []Route{rt}
		})
		if _, body := get(t, client(t), f.url); body != "origin.example holdfast.example" {
			t.Errorf("%s: the origin saw %q", protocol, body)
		}
	}
}

// showing is a TLSClient.
type showing struct{ config *tls.Config }

func (s *showing) Config() *tls.Config { return s.config.Clone() }

func TestAConnectionInTheClearThatSpeaksOtherwiseIsBroken(t *testing.T) {
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	f := newFront(t, func(options *Options) {
		rt := routeTo(origin)
		rt.OriginProtocol = OriginH2C
		options.Routes = []Route{rt}
	})
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
}
