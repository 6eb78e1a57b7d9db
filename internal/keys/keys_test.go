package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inPEM writes a private key as OpenSSL does.
func inPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestAKeyIsWhatItIsWhereverItStands(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"changeme":             "[]uint8",
		inPEM(t, edwards):      "ed25519.PrivateKey",
		inPEM(t, curve):        "*ecdsa.PrivateKey",
		"\x00\x01 not text \n": "[]uint8",
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, written := range []string{text, "base64:" + base64.StdEncoding.EncodeToString([]byte(text)), "file:" + path} {
			key, err := Parse(written)
			if got := fmt.Sprintf("%T", key); err != nil || got != want {
				t.Errorf("%q is a %s (%v), want %s", written, got, err, want)
			}
		}
	}
}

func TestTheLineBreakAtTheEndOfAFileIsNotPartOfASecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("changeme\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := Parse("file:" + path); err != nil || string(key.([]byte)) != "changeme" {
		t.Errorf("got %q (%v)", key, err)
	}
}

func TestWhatIsNoKeyIsRefusedWithoutBeingQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                 "",
		"base64 that is none":   "base64:s3cret!",
		"base64 of nothing":     "base64:",
		"a file that is not":    "file:" + filepath.Join(t.TempDir(), "none"),
		"PEM without a key":     "-----BEGIN s3cret",
		"PEM of something else": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("s3cret")})),
		"PEM of rubbish":        string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("s3cret")})),
	} {
		key, err := Parse(text)
		if err == nil {
			t.Errorf("%s: is a %T", name, key)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
