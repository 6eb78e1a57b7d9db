package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// In HTTP/1.0 nothing but the end of the connection tells the end of a body.
func TestABodyThatIsCutNeverLooksCompleteInHTTP10(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/held":
			w.Header().Set("Grip-Hold", "stream")
			fallthrough
		case "/instructed":
			w.Header().Set("Grip-Channel", "c")
		}
		io.WriteString(w, "hello")
		http.NewResponseController(w).Flush()
		if r.URL.Path != "/whole" {
			panic(http.ErrAbortHandler)
		}
	})
	s := newStation(t, holding(origin.URL, func(*Route) {}))
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	options := func(wrap func(net.Listener) net.Listener, secure bool) ServerOptions {
		o := ServerOptions{Handler: s.handler, WrapListener: wrap, ConnContext: hold.ConnContext}
		if secure {
			o.TLSListen, o.TLS = []string{"127.0.0.1:0"}, &tls.Config{Certificates: srv.TLS.Certificates}
		} else {
			o.Listen = []string{"127.0.0.1:0"}
		}
		return o
	}
	for listener, wrap := range map[string]func(net.Listener) net.Listener{"ours": hold.Listen, "foreign": nil} {
		for _, secure := range []bool{false, true} {
			addr := serve(t, options(wrap, secure))
			for _, path := range []string{"/whole", "/relayed", "/instructed", "/held"} {
				body, err := askOld(t, addr, secure, path)
				if path == "/whole" {
					if body != "hello" || err != nil {
						t.Errorf("%s, TLS %v, %s: got %q, %v", listener, secure, path, body, err)
					}
				} else if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s, TLS %v, %s: got %q, %v", listener, secure, path, body, err)
				}
			}
		}
	}
}

// askOld asks in HTTP/1.0, and returns the body and what the connection ended with.
func askOld(t *testing.T, addr string, secure bool, path string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.0\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	return body, err
}
