package certs

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// setOf returns certificates for these names, one each.
func setOf(t *testing.T, a *certstest.Authority, names ...string) Set {
	t.Helper()
	s := New(Options{Log: zap.NewNop()})
	var set Set
	for _, name := range names {
		cert, key := a.Issue(t, name).Write(t, t.TempDir())
		c, err := s.Certificate(Pair{cert, key})
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, c)
	}
	return set
}

// shake shakes hands over a pipe. errs are the server's and the client's.
func shake(server, client *tls.Config) (state tls.ConnectionState, errs error) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	done := make(chan error, 1)
	go func() {
		err := tls.Server(ours, server).Handshake()
		if err != nil {
			ours.Close()
		}
		done <- err
	}()
	conn := tls.Client(theirs, client)
	err := conn.Handshake()
	if err != nil {
		theirs.Close()
	}
	return conn.ConnectionState(), errors.Join(<-done, err)
}

func TestTheCertificateIsChosenByTheName(t *testing.T) {
	set := setOf(t, certstest.NewAuthority(t, "authority"), "one.example", "two.example", "*.three.example")
	tests := []struct{ name, asked, want string }{
		{"the first for its name", "one.example", "one.example"},
		{"another for its name", "two.example", "two.example"},
		{"in capitals", "TWO.example", "two.example"},
		{"a wildcard", "a.three.example", "*.three.example"},
		{"the first for a name that nobody has", "four.example", "one.example"},
		{"the first for a name below a wildcard's", "a.b.three.example", "one.example"},
		{"the first without a name", "", "one.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The client looks at what it gets by itself.
			config := &tls.Config{ServerName: tt.asked, InsecureSkipVerify: true, SessionTicketsDisabled: true}
			state, err := shake(&tls.Config{GetCertificate: set.GetCertificate, SessionTicketsDisabled: true}, config)
			if err != nil {
				t.Fatal(err)
			}
			if got := state.PeerCertificates[0].DNSNames[0]; got != tt.want {
				t.Errorf("got the certificate of %s, want that of %s", got, tt.want)
			}
		})
	}
}

func TestAServerWithoutCertificatesRefusesTheHandshake(t *testing.T) {
	if _, err := shake(&tls.Config{GetCertificate: Set{}.GetCertificate}, &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("shaken")
	}
}

func TestWhoMayConnectIsDecidedByTheAuthorityOfNow(t *testing.T) {
	servers, old, next := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "old"), certstest.NewAuthority(t, "next")
	store, dir := New(Options{Log: zap.NewNop()}), t.TempDir()
	path := certstest.WriteFile(t, dir, "clients.pem", old.PEM)
	clients, err := store.Authority(path)
	if err != nil {
		t.Fatal(err)
	}
	server := ServerConfig(setOf(t, servers, "control.example")[0], clients)
	connects := func(own ...tls.Certificate) bool {
		_, err := shake(server, &tls.Config{ServerName: "control.example", RootCAs: servers.Pool(), Certificates: own, MaxVersion: tls.VersionTLS12})
		return err == nil
	}
	mine, theirs := old.Issue(t, "publisher").TLS(t), next.Issue(t, "publisher").TLS(t)
	if connects() || !connects(mine) || connects(theirs) {
		t.Error("not the clients of the authority connect")
	}
	certstest.WriteFile(t, dir, "clients.pem", next.PEM)
	if err := store.Reload([]string{path}); err != nil {
		t.Fatal(err)
	}
	if connects() || connects(mine) || !connects(theirs) {
		t.Error("not the clients of the changed authority connect")
	}
}

func TestAClientShowsAndTrustsWhatIsCurrent(t *testing.T) {
	servers, clients := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "clients")
	store := New(Options{Log: zap.NewNop()})
	roots, err := store.Authority(certstest.WriteFile(t, t.TempDir(), "ca.pem", servers.PEM))
	if err != nil {
		t.Fatal(err)
	}
	pair := servers.Issue(t, "origin.example").TLS(t)
	server := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients.Pool(), MaxVersion: tls.VersionTLS12}
	tests := []struct {
		name   string
		client Client
		works  bool
	}{
		{"all is right", Client{roots, setOf(t, clients, "me")[0], "origin.example"}, true},
		{"another name", Client{roots, setOf(t, clients, "me")[0], "other.example"}, false},
		{"without a certificate", Client{roots, nil, "origin.example"}, false},
		{"trusting the system only", Client{nil, setOf(t, clients, "me")[0], "origin.example"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := shake(server, tt.client.Config()); (err == nil) != tt.works {
				t.Errorf("got %v", err)
			}
		})
	}
}
