package embedded_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// newCertificate makes files with a certificate for 127.0.0.1, good for both
// sides, which signs itself.
func newCertificate(t *testing.T) embedded.TLS {
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
	certFile, keyFile := writePEM(t, "CERTIFICATE", cert), writePEM(t, "PRIVATE KEY", private)
	return embedded.TLS{CA: certFile, Cert: certFile, Key: keyFile}
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
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
