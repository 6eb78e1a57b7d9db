package nats_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

func writeFile(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newKey returns a user's NKey: its public part, and a file with its seed.
func newKey(t *testing.T) (public, file string) {
	t.Helper()
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := key.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = key.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return public, writeFile(t, "seed.nk", seed)
}

func TestTheServerKnowsWhoWeAre(t *testing.T) {
	public, seed := newKey(t)
	_, stranger := newKey(t)
	tests := []struct {
		name  string
		asks  func(*server.Options)
		right func(*nats.Options)
		wrong func(*nats.Options)
	}{
		{"user and password",
			func(o *server.Options) { o.Username, o.Password = "u", "p" },
			func(o *nats.Options) { o.User, o.Password = "u", "p" },
			func(o *nats.Options) { o.User, o.Password = "u", "q" }},
		{"a token",
			func(o *server.Options) { o.Authorization = "t" },
			func(o *nats.Options) { o.Token = "t" },
			func(*nats.Options) {}},
		{"an NKey",
			func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: public}} },
			func(o *nats.Options) { o.NKey = seed },
			func(o *nats.Options) { o.NKey = stranger }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := natstest.Start(t, tt.asks)
			newRig(t, srv, tt.right).ready()
			refused := newRig(t, srv, tt.wrong)
			eventually(t, "the refusal is logged", func() bool {
				return strings.Contains(strings.ToLower(logged(refused)), "authorization violation")
			})
			refused.wantReason("nats: not connected")
		})
	}
}

// logged is all that r's source has said, with the errors.
func logged(r *rig) string {
	var all strings.Builder
	for _, entry := range r.logs.All() {
		all.WriteString(entry.Message)
		for _, field := range entry.Context {
			if err, ok := field.Interface.(error); ok {
				all.WriteString(" " + err.Error())
			}
		}
	}
	return all.String()
}

// TestCredentialsThatAreSetRightLaterAreTaken: the library would give up at the
// second refusal.
func TestCredentialsThatAreSetRightLaterAreTaken(t *testing.T) {
	password := func(p string) func(*server.Options) {
		return func(o *server.Options) { o.Username, o.Password = "u", p }
	}
	srv := natstest.Start(t, password("right"))
	r := newRig(t, srv, func(o *nats.Options) { o.User, o.Password = "u", "right" }).ready()
	srv.Stop()
	srv.Restart(password("wrong"))
	eventually(t, "we are refused several times", func() bool { return srv.Accepted() >= 3 })
	srv.Stop()
	srv.Restart(password("right"))
	r.ready()
	if got := r.count("holdfast_nats_reconnects_total"); got != 1 {
		t.Errorf("%v reconnects", got)
	}
}

func TestBothSidesShowTheirCertificates(t *testing.T) {
	authority := certstest.NewAuthority(t, "publishers")
	pair, ca := authority.Issue(t, "127.0.0.1"), writeFile(t, "ca.pem", authority.PEM)
	cert, key := pair.Write(t, t.TempDir())
	srv := natstest.Start(t, func(o *server.Options) {
		o.TLS, o.TLSVerify, o.TLSTimeout = true, true, goodTime.Seconds()
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair.TLS(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool()}
	})
	r := newRig(t, srv, func(o *nats.Options) { o.CA, o.Cert, o.Key = ca, cert, key }).ready()
	c := r.follow("c")
	request(t, srv.Connect(client.RootCAs(ca), client.ClientCert(cert, key)), message("holdfast.channels.c", "x"))
	if got := r.read(c); !strings.Contains(got, "data: x") {
		t.Errorf("got %q", got)
	}
	newRig(t, srv, func(o *nats.Options) { o.CA = ca }).wantReason("nats: not connected")
}

func TestOptionsThatAreRefused(t *testing.T) {
	access := nats.Access{Servers: []string{"nats://127.0.0.1:1"}}
	tests := []struct {
		name    string
		options nats.Options
		want    string
	}{
		{"no server", nats.Options{}, "no server"},
		{"a prefix with a wildcard", nats.Options{Access: access, Prefix: "a.>"}, `prefix "a.>"`},
		{"a prefix with a dot at its end", nats.Options{Access: access, Prefix: "a."}, `prefix "a."`},
		{"a prefix that leaves no room", nats.Options{Access: access, Prefix: strings.Repeat("a", 300)}, "too long"},
		{"a seed file that is not there", nats.Options{Access: nats.Access{Servers: access.Servers, NKey: "absent"}}, "absent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Metrics = nats.NewMetrics(prometheus.NewRegistry())
			if _, err := nats.New(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
