package nats_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
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

// newCertificate returns a certificate for 127.0.0.1, good for both sides, which
// signs itself, and the files that it is in.
func newCertificate(t *testing.T) (pair tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile = writeFile(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	keyFile = writeFile(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	return pair, certFile, keyFile
}

func TestBothSidesShowTheirCertificates(t *testing.T) {
	pair, cert, key := newCertificate(t)
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	srv := natstest.Start(t, func(o *server.Options) {
		o.TLS, o.TLSVerify, o.TLSTimeout = true, true, goodTime.Seconds()
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	})
	r := newRig(t, srv, func(o *nats.Options) { o.CA, o.Cert, o.Key = cert, cert, key }).ready()
	c := r.follow("c")
	request(t, srv.Connect(client.RootCAs(cert), client.ClientCert(cert, key)), message("holdfast.channels.c", "x"))
	if got := r.read(c); !strings.Contains(got, "data: x") {
		t.Errorf("got %q", got)
	}
	newRig(t, srv, func(o *nats.Options) { o.CA = cert }).wantReason("nats: not connected")
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
