package acme

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/internal/certs"
	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// patience bounds what must happen, so that a failure is not a hang.
const patience = 30 * time.Second

// domain is a name that leads to this machine.
const domain = "localhost"

// site is a server whose certificates are an issuer's.
type site struct {
	plain, secure net.Listener
	authority     *authority
	options       Options
	log           *observer.ObservedLogs
}

// newSite listens, and has an authority that looks there.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{plain: listen(t), secure: listen(t)}
	s.authority = newAuthority(t, s.plain.Addr(), s.secure.Addr())
	core, log := observer.New(zap.DebugLevel)
	s.log = log
	s.options = Options{
		Domains: []string{domain}, Email: "ops@holdfast.example", Directory: s.authority.directory, CA: s.authority.ca,
		Store: filepath.Join(t.TempDir(), "store"), TLS: s.secure.Addr().String(), Plain: []string{s.plain.Addr().String()},
		Expiry: certs.NewMetrics(nil), Metrics: NewMetrics(nil), Log: zap.New(core),
	}
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// start serves with a new issuer until the test or stop ends it.
func (s *site) start(t *testing.T) (i *Issuer, stop func()) {
	t.Helper()
	i, err := New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	origin := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "origin") })
	server := &http.Server{Handler: i.Answering(origin), ErrorLog: zap.NewStdLog(zap.NewNop()),
		TLSConfig: &tls.Config{GetCertificate: i.GetCertificate, NextProtos: i.Protocols()}}
	go server.Serve(s.plain)
	go server.ServeTLS(s.secure, "", "")
	t.Cleanup(func() { server.Close() })
	return i, run(t, i)
}

// run runs i until the test or stop ends it.
func run(t *testing.T, i *Issuer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	ended := false
	stop = func() {
		cancel()
		if ended {
			return
		}
		ended = true
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// serial is the number of the certificate that a browser gets, once there is one
// that it trusts.
func (s *site) serial(t *testing.T) string {
	t.Helper()
	config := &tls.Config{ServerName: domain, RootCAs: s.authority.roots}
	err := error(nil)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		conn, dialed := tls.Dial("tcp", s.secure.Addr().String(), config)
		if err = dialed; err == nil {
			defer conn.Close()
			return fmt.Sprint(conn.ConnectionState().PeerCertificates[0].SerialNumber)
		}
	}
	t.Fatalf("no certificate: %v\n%v", err, s.log.All())
	return ""
}

func TestACertificateIsGotAndKept(t *testing.T) {
	ways := map[string]func(*Options){
		"by a proof over TLS":     func(o *Options) { o.Plain = nil },
		"by whatever works first": func(*Options) {},
	}
	for name, edit := range ways {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			edit(&s.options)
			i, stop := s.start(t)
			first := s.serial(t)
			i.note()
			if got := testutil.ToFloat64(s.options.Metrics.orders.WithLabelValues(domain, "obtained")); got != 1 {
				t.Errorf("%v orders", got)
			}
			if _, err := os.Stat(s.options.Store); err != nil {
				t.Errorf("the store: %v", err)
			}
			stop()
			again, err := New(s.options) // after a restart
			if err != nil {
				t.Fatal(err)
			}
			run(t, again)
			config := &tls.Config{GetCertificate: again.GetCertificate}
			if second := eventually(t, config, s.authority); second != first {
				t.Errorf("after a restart the certificate is %s, was %s", second, first)
			}
			if got := testutil.ToFloat64(s.options.Metrics.orders.WithLabelValues(domain, "obtained")); got != 1 {
				t.Errorf("%v orders after a restart", got)
			}
		})
	}
}

// eventually is the number of the certificate that a server shows, once it does.
func eventually(t *testing.T, server *tls.Config, a *authority) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		ours, theirs := net.Pipe()
		go func() {
			tls.Server(ours, server).Handshake()
			ours.Close()
		}()
		conn := tls.Client(theirs, &tls.Config{ServerName: domain, RootCAs: a.roots, MaxVersion: tls.VersionTLS12})
		err := conn.Handshake()
		theirs.Close()
		if err == nil {
			return fmt.Sprint(conn.ConnectionState().PeerCertificates[0].SerialNumber)
		}
	}
	t.Fatal("no certificate")
	return ""
}

// The listener with TLS is where the authority does not look.
func TestAProofInTheClearIsEnough(t *testing.T) {
	s := newSite(t)
	elsewhere := listen(t)
	a := newAuthority(t, s.plain.Addr(), elsewhere.Addr())
	elsewhere.Close()
	s.authority, s.options.Directory, s.options.CA = a, a.directory, a.ca
	s.start(t)
	s.serial(t)
}

func TestAFailedOrderIsToldAndTheServerGoesOn(t *testing.T) {
	s := newSite(t)
	nobody := listen(t)
	a := newAuthority(t, nobody.Addr(), nobody.Addr())
	nobody.Close()
	s.authority, s.options.Directory, s.options.CA = a, a.directory, a.ca
	s.start(t)
	counter := s.options.Metrics.orders.WithLabelValues(domain, "failed")
	for deadline := time.Now().Add(patience); testutil.ToFloat64(counter) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is counted")
		}
	}
	if resp, err := http.Get("http://" + s.plain.Addr().String()); err != nil || resp.Body.Close() != nil {
		t.Errorf("the server does not answer: %v", err)
	}
	if s.log.FilterMessage("will retry").Len() == 0 {
		t.Errorf("nothing is logged: %v", s.log.All())
	}
}

func TestOnlyProofsOfOursAreAnswered(t *testing.T) {
	s := newSite(t)
	i, err := New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	defer i.cache.Stop()
	h := i.Answering(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "origin") }))
	for name, target := range map[string]string{
		"any other path":                  "http://localhost/x",
		"a proof of another name":         "http://other.example/.well-known/acme-challenge/token",
		"a proof that nobody asked for":   "http://localhost/.well-known/acme-challenge/token",
		"a name that would be a path":     "http://..%2f..%2fetc/.well-known/acme-challenge/token",
		"a proof of another name, a port": "http://other.example:80/.well-known/acme-challenge/token",
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			host, path, _ := strings.Cut(strings.TrimPrefix(target, "http://"), "/")
			r.Host, r.URL.Path = host, "/"+path
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Body.String() != "origin" {
				t.Errorf("got %d %q", w.Code, w.Body)
			}
		})
	}
}

// Anybody can ask for a proof as often as they like.
func TestWhatClientsCauseIsLoggedWithinBounds(t *testing.T) {
	s := newSite(t)
	i, err := New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	defer i.cache.Stop()
	server := &tls.Config{GetCertificate: i.GetCertificate, NextProtos: i.Protocols()}
	for range 3 * sameLines {
		ours, theirs := net.Pipe()
		go func() {
			tls.Server(ours, server).Handshake()
			ours.Close()
		}()
		tls.Client(theirs, &tls.Config{ServerName: domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}).Handshake()
		theirs.Close()
	}
	lines := map[string]int{}
	for _, entry := range s.log.All() {
		lines[entry.Message]++
	}
	if n := lines["tls-alpn challenge"]; n == 0 || n > sameLines {
		t.Errorf("%d lines: %v", n, lines)
	}
}

func TestOptions(t *testing.T) {
	rubbish := certstest.WriteFile(t, t.TempDir(), "rubbish.pem", []byte("rubbish"))
	base := Options{TLS: ":443", Plain: []string{"10.0.0.1:80", ":80"}, Log: zap.NewNop()}
	with := func(edit func(*Options)) Options {
		o := base
		edit(&o)
		return o
	}
	tests := []struct {
		name      string
		o         Options
		directory string
		plain     int
		err       string
	}{
		{"nothing is said", base, "https://acme-v02.api.letsencrypt.org/directory", 80, ""},
		{"staging", with(func(o *Options) { o.Staging = true }), "https://acme-staging-v02.api.letsencrypt.org/directory", 80, ""},
		{"a directory of one's own", with(func(o *Options) { o.Directory = "https://ca.example/dir" }), "https://ca.example/dir", 80, ""},
		{"no listener in the clear with that host", with(func(o *Options) { o.TLS = "10.0.0.2:443" }), "https://acme-v02.api.letsencrypt.org/directory", 0, ""},
		{"an authority that is not there", with(func(o *Options) { o.CA = "absent.pem" }), "", 0, "absent.pem"},
		{"an authority that is none", with(func(o *Options) { o.CA = rubbish }), "", 0, "holds no certificate"},
		{"an address that is none", with(func(o *Options) { o.TLS = "443" }), "", 0, "missing port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := tt.o.account()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil || a.CA != tt.directory || a.AltHTTPPort != tt.plain || a.DisableHTTPChallenge != (tt.plain == 0) || a.AltTLSALPNPort != 443 {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
}
