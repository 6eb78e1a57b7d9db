package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// What clients can send makes no origin rest.
func TestAMethodThatIsNoneIsTheClientsFault(t *testing.T) {
	first := newOrigin(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "first") })
	second := newOrigin(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "second") })
	f := newFront(t, func(o *Options) {
		to(first.URL, second.URL)(o)
		o.Routes[0].Balance = BalanceFirst
	})
	for _, tt := range []struct{ name, method, host string }{
		{"a space in the method", "GE T", "a"},
		{"a quote in the method", `G"ET`, "a"},
		{"no ASCII in the method", "GÉT", "a"},
		{"a space in the host", "GET", "a b"},
	} {
		c := speakTo(t, f.addr)
		c.ask(1, "", ":method", tt.method, ":scheme", "http", ":authority", tt.host, ":path", "/")
		if got := c.outcome(1); got != "400" {
			t.Errorf("%s: %s", tt.name, got)
		}
		if _, body := get(t, client(t), f.url); body != "first" {
			t.Errorf("%s: then the %s origin is asked", tt.name, body)
		}
	}
	f.waitCount(t, "holdfast_request_failures_total", string(BadRequest))
}

// What the transport does not send is no failure of who was to get it.
func TestARequestThatCannotBeSentIsTheClientsFault(t *testing.T) {
	f := newFront(t, to("http://"+unusedAddr))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["X"] = []string{"a\nb"}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	if up := f.count(t, "holdfast_origin_up"); w.Code != http.StatusBadRequest || up != 1 {
		t.Errorf("got %d, up is %v", w.Code, up)
	}
}

func TestAHeadThatIsTooLargeForTheOriginIsTheClientsFault(t *testing.T) {
	const limit = 8 << 10
	for _, secure := range []bool{false, true} {
		var asked atomic.Int32
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
		srv.Config.ErrorLog, srv.Config.MaxHeaderBytes = log.New(io.Discard, "", 0), limit
		srv.Config.Protocols = new(http.Protocols)
		protocol, trust := OriginH2C, (*tls.Config)(nil)
		if srv.EnableHTTP2 = secure; secure {
			srv.Config.Protocols.SetHTTP2(true)
			srv.StartTLS()
			roots := x509.NewCertPool()
			roots.AddCert(srv.Certificate())
			protocol, trust = OriginHTTP2, &tls.Config{RootCAs: roots}
		} else {
			srv.Config.Protocols.SetUnencryptedHTTP2(true)
			srv.Start()
		}
		t.Cleanup(srv.Close)
		f := newFront(t, func(o *Options) {
			to(srv.URL)(o)
			o.Routes[0].OriginProtocol, o.OriginTLS = protocol, trust
		})
		get(t, client(t), f.url) // then its limit is known
		resp, _ := get(t, client(t), f.url, "X", strings.Repeat("x", 2*limit))
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("TLS %v: got %s", secure, resp.Status)
		}
		if up, again := f.count(t, "holdfast_origin_up"), f.count(t, "holdfast_origin_retries_total"); up != 1 || again != 0 || asked.Load() != 1 {
			t.Errorf("TLS %v: up is %v, %v retries, asked %d times", secure, up, again, asked.Load())
		}
	}
}
