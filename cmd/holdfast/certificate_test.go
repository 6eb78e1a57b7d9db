package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// writeFile writes a file that is there until t ends, and returns its path.
func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate is one for 127.0.0.1.
type certificate struct {
	pem       []byte // of who has signed it
	cert, key string // paths
}

func newCertificate(t testing.TB) certificate {
	t.Helper()
	authority := certstest.NewAuthority(t, "clients trust it")
	cert, key := authority.Issue(t, "127.0.0.1").Write(t, t.TempDir())
	return certificate{authority.PEM, cert, key}
}

// yaml is the section tls that listens with the certificate on a free port.
func (c certificate) yaml() string {
	return "tls: {listen: ['127.0.0.1:0'], certificates: [{cert: " + c.cert + ", key: " + c.key + "}]}\n"
}
