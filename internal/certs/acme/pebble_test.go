package acme

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// authority is an ACME server in this process, which proves names at ports of the
// test's choice.
type authority struct {
	directory string
	ca        string // path of who signs the directory's own certificate
	roots     *x509.CertPool
}

// newAuthority starts an authority that looks at these ports of the names.
func newAuthority(t *testing.T, plain, secure net.Addr) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	signer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(quiet, store, va.New(quiet, port(t, plain), port(t, secure), true, "", store), signer, []string{"authority.example"}, true, false, 1, 1)
	own := certstest.NewAuthority(t, "directory")
	srv := httptest.NewUnstartedServer(front.Handler())
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{own.Issue(t, "127.0.0.1").TLS(t)}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	a := &authority{srv.URL + wfe.DirectoryPath, certstest.WriteFile(t, t.TempDir(), "ca.pem", own.PEM), x509.NewCertPool()}
	block, _ := pem.Decode(signer.GetRootCert(0).PEM())
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	a.roots.AddCert(root)
	return a
}

func port(t *testing.T, addr net.Addr) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
