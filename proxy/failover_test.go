package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestNextOriginWhenNoConnectionIsMade(t *testing.T) {
	good := newOrigin(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes TCP, never TLS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, bad := range map[string]string{
		"refused":                     "http://" + unusedAddr,
		"no TLS in time":              "https://" + silent.Addr().String(),
		"a certificate of a stranger": untrusted.URL,
		"a name that does not exist":  "http://origin.invalid",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, func(o *Options) {
				rt := routeTo(bad, good.URL)
				rt.ConnectTimeout = 100 * time.Millisecond
				o.Routes = []Route{rt}
			})
			resp, err := client(t).Post(f.url, "text/plain", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(body) != "body" {
				t.Errorf("got %s %q", resp.Status, body)
			}
		})
	}
}

func TestNoOtherOriginOnceOneHasTheRequest(t *testing.T) {
	var asked atomic.Int32
	first := rawOrigin(t, func(c net.Conn, r *bufio.Reader) { readHead(r) })
	second := newOrigin(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	f := newFront(t, to(first, second.URL))
	resp, err := client(t).Post(f.url, "text/plain", strings.NewReader("pay 5"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway || asked.Load() != 0 {
		t.Errorf("got %s, second origin asked %d times", resp.Status, asked.Load())
	}
}

func TestOriginsOverTLS(t *testing.T) {
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(w, r.Proto)
			return
		}
		conn, rw, _ := http.NewResponseController(w).Hijack()
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		io.Copy(rw, rw)
		rw.Flush()
	}))
	t.Cleanup(origin.Close)
	roots := x509.NewCertPool()
	roots.AddCert(origin.Certificate())
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.OriginTLS = &tls.Config{RootCAs: roots}
	})
	if _, body := get(t, client(t), f.url); body != "HTTP/1.1" {
		t.Errorf("origin was asked by %q", body)
	}
	c := dialWire(t, f.addr)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	c.head()
	c.send("ping")
	c.Conn.(*net.TCPConn).CloseWrite() // passes on as well: the echo ends
	c.want("ping")
	if rest, err := c.rest(); rest != "" || err != nil {
		t.Errorf("after the echo %q, %v", rest, err)
	}
}

func TestConnectingTakesTooLong(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	f := newFront(t, func(o *Options) {
		rt := routeTo("https://" + silent.Addr().String())
		rt.ConnectTimeout = 50 * time.Millisecond
		o.Routes = []Route{rt}
	})
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusGatewayTimeout {
		t.Errorf("got %s", resp.Status)
	}
	if got := f.count(t, "holdfast_request_failures_total", "origin_timeout"); got != 1 {
		t.Errorf("counted %v origin timeouts", got)
	}
}
