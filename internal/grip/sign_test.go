package grip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// T02: exactly one verifiable HS256 token with iss and an exp in an hour.
func TestASignatureNamesItsIssuerAndExpiresInAnHour(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	got, err := NewSigner("pushpin", []byte("changeme")).Header(now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Parse(got, func(*jwt.Token) (any, error) { return []byte("changeme"), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	claims := token.Claims.(jwt.MapClaims)
	if claims["iss"] != "pushpin" || claims["exp"] != float64(now.Unix()+3600) || len(claims) != 2 {
		t.Errorf("claims %v", claims)
	}
}

func TestKeysAreTextBase64OrAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]string{"plain": "plain", "base64:AAE=": "\x00\x01", "file:" + path: "from a file"} {
		if key, err := ParseKey(s); err != nil || string(key) != want {
			t.Errorf("%q: %q, %v", s, key, err)
		}
	}
	for _, s := range []string{"", "base64:", "base64:secret!", "file:/does/not/exist", "-----BEGIN RSA PRIVATE KEY-----"} {
		if _, err := ParseKey(s); err == nil || strings.Contains(err.Error(), "secret!") {
			t.Errorf("%q: %v", s, err)
		}
	}
}
