package embedded_test

import (
	"testing"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// newCertificate makes files with a certificate for 127.0.0.1, good for both
// sides, and who has signed it.
func newCertificate(t *testing.T) embedded.TLS {
	t.Helper()
	dir, authority := t.TempDir(), certstest.NewAuthority(t, "nodes")
	cert, key := authority.Issue(t, "127.0.0.1").Write(t, dir)
	return embedded.TLS{CA: certstest.WriteFile(t, dir, "ca.pem", authority.PEM), Cert: cert, Key: key}
}

// TestRoutesCanBeEncrypted, and a server with another certificate stays outside.
func TestRoutesCanBeEncrypted(t *testing.T) {
	t.Parallel()
	options := clusterOptions(t, 3)
	files := newCertificate(t)
	options[0].Cluster.TLS, options[1].Cluster.TLS, options[2].Cluster.TLS = files, files, newCertificate(t)
	a, b, stranger := start(t, options[0]), start(t, options[1]), start(t, options[2])
	a.ready()
	b.ready()
	a.wantMissing(options[2].Cluster.Listen)
	stranger.wantMissing(options[0].Cluster.Listen, options[1].Cluster.Listen)
}

// TestThePortForClientsCanBeEncrypted: the connection through memory goes on
// without.
func TestThePortForClientsCanBeEncrypted(t *testing.T) {
	files := newCertificate(t)
	n := start(t, embedded.Options{
		StoreDir: t.TempDir(), Listen: "127.0.0.1:0", TLS: embedded.TLS{Cert: files.Cert, Key: files.Key},
	}).ready()
	n.stream(1)
	nc := connect(t, n.URL(), client.RootCAs(files.CA))
	if _, err := nc.TLSConnectionState(); err != nil {
		t.Error(err)
	}
	if _, err := nc.Request("holdfast.channels.c", nil, goodTime); err != nil {
		t.Error(err)
	}
	if nc, err := client.Connect(n.URL()); err == nil {
		nc.Close()
		t.Error("a client that does not know who signs gets in")
	}
}

// TestClientsMustShowACertificate, where one is named that signs them.
func TestClientsMustShowACertificate(t *testing.T) {
	files := newCertificate(t)
	n := start(t, embedded.Options{StoreDir: t.TempDir(), Listen: "127.0.0.1:0", TLS: files})
	connect(t, n.URL(), client.RootCAs(files.CA), client.ClientCert(files.Cert, files.Key))
	if nc, err := client.Connect(n.URL(), client.RootCAs(files.CA)); err == nil {
		nc.Close()
		t.Error("a client without gets in")
	}
}
