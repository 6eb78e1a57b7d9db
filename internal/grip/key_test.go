package grip

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testKeys are keys as they are written in a configuration.
type testKeys struct {
	private map[string]string // by method
	public  map[string]string
}

func inPEM(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func marshal(kind string, key any) string {
	if kind == "PUBLIC KEY" {
		der, err := x509.MarshalPKIXPublicKey(key)
		return inPEM(kind, der, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return inPEM(kind, der, err)
}

func newTestKeys(t *testing.T) (testKeys, *ecdsa.PrivateKey, *rsa.PrivateKey) {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return testKeys{
		private: map[string]string{"HS256": "secret", "ES256": marshal("PRIVATE KEY", ec), "RS256": marshal("PRIVATE KEY", long)},
		public:  map[string]string{"HS256": "secret", "ES256": marshal("PUBLIC KEY", &ec.PublicKey), "RS256": marshal("PUBLIC KEY", &long.PublicKey)},
	}, ec, long
}

func mustParse(t *testing.T, text string) Key {
	t.Helper()
	k, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatAKeySignsItsOwnPublicKeyAloneVerifies(t *testing.T) {
	keys, _, _ := newTestKeys(t)
	now := time.Unix(1_800_000_000, 0)
	for method, private := range keys.private {
		signer, err := NewSigner("i", mustParse(t, private))
		if err != nil {
			t.Fatal(err)
		}
		token, err := signer.Header(now)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{}); err != nil || parsed.Method.Alg() != method {
			t.Errorf("%s: %v, %v", method, parsed, err)
		}
		for other, public := range keys.public {
			err := NewVerifier(mustParse(t, public)).Verify(token, now)
			if (err == nil) != (other == method) {
				t.Errorf("%s verified with %s: %v", method, other, err)
			}
		}
		if err := NewVerifier(mustParse(t, "other"), mustParse(t, keys.public[method])).Verify(token, now); err != nil {
			t.Errorf("%s: with the second of two keys: %v", method, err)
		}
	}
}

// A public key is no secret: who signs HS256 with it must not be believed.
func TestAPublicKeyIsNotTakenForASecret(t *testing.T) {
	keys, _, _ := newTestKeys(t)
	now := time.Now()
	for _, method := range []string{"ES256", "RS256"} {
		forger, err := NewSigner("i", Secret([]byte(keys.public[method])))
		if err != nil {
			t.Fatal(err)
		}
		token, err := forger.Header(now)
		if err != nil {
			t.Fatal(err)
		}
		if NewVerifier(mustParse(t, keys.public[method])).Verify(token, now) == nil {
			t.Errorf("%s: a forged token is believed", method)
		}
		if _, err := NewSigner("i", mustParse(t, keys.public[method])); err == nil {
			t.Errorf("%s: a public key signs", method)
		}
	}
}

func TestTokensThatAreNotBelieved(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	key := []byte("k")
	sign := func(method jwt.SigningMethod, with any, header, claims map[string]any) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
		maps.Copy(token.Header, header)
		signed, err := token.SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	valid := map[string]any{"exp": now.Unix() + 60}
	verifier := NewVerifier(Secret(key))
	good := sign(jwt.SigningMethodHS256, key, nil, valid)
	if err := verifier.Verify(good, now); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"nothing":         "",
		"no token":        "x.y.z",
		"another key":     sign(jwt.SigningMethodHS256, []byte("other"), nil, valid),
		"another method":  sign(jwt.SigningMethodHS512, key, nil, valid),
		"no signature":    sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, valid),
		"expired":         sign(jwt.SigningMethodHS256, key, nil, map[string]any{"exp": now.Unix()}),
		"no expiry":       sign(jwt.SigningMethodHS256, key, nil, map[string]any{"iss": "pushpin"}),
		"another type":    sign(jwt.SigningMethodHS256, key, map[string]any{"typ": "at+jwt"}, valid),
		"no type at all":  sign(jwt.SigningMethodHS256, key, map[string]any{"typ": 1}, valid),
		"crit":            sign(jwt.SigningMethodHS256, key, map[string]any{"crit": []string{"b64"}, "b64": false}, valid),
		"crit that is []": sign(jwt.SigningMethodHS256, key, map[string]any{"crit": []string{}}, valid),
		"crit of null":    sign(jwt.SigningMethodHS256, key, map[string]any{"crit": nil}, valid),
		"a changed claim": good[:strings.Index(good, ".")+1] + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":9999999999}`)) + good[strings.LastIndex(good, "."):],
	} {
		if verifier.Verify(token, now) == nil {
			t.Errorf("%s: believed", name)
		}
	}
	if NewVerifier().Verify(good, now) == nil {
		t.Error("believed without a key")
	}
}

func TestClaimsAreThoseThatWereSigned(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	sign := func(key string, claims jwt.MapClaims) string {
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	verifier := NewVerifier(Secret([]byte("old")), Secret([]byte("new")))
	good := jwt.MapClaims{"exp": now.Unix() + 60, "rights": []string{"read"}}
	for _, key := range []string{"old", "new"} {
		got, err := verifier.Claims(sign(key, good), now)
		if want := `{"exp":1800000060,"rights":["read"]}`; err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", key, got, err)
		}
		if _, err := verifier.Claims(sign(key, jwt.MapClaims{"exp": now.Unix()}), now); !errors.Is(err, ErrExpired) {
			t.Errorf("%s, expired: %v", key, err)
		}
	}
	for name, token := range map[string]string{
		"another key":                    sign("other", good),
		"another key that has expired":   sign("other", jwt.MapClaims{"exp": now.Unix()}),
		"the key of one that is changed": strings.Replace(sign("old", good), ".", ".e30", 1),
	} {
		if got, err := verifier.Claims(token, now); err == nil || errors.Is(err, ErrExpired) || got != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestKeysAreTextBase64PEMOrAFile(t *testing.T) {
	_, ec, long := newTestKeys(t)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file:" + path
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	openSSL := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + inPEM("EC PRIVATE KEY", sec1, err)
	for text, method := range map[string]string{
		"plain":                           "HS256",
		"base64:AAE=":                     "HS256",
		file("secret", "from a file\r\n"): "HS256",
		openSSL:                           "ES256",
		file("ec", openSSL):               "ES256",
		"base64:" + base64.StdEncoding.EncodeToString([]byte(openSSL)):            "ES256",
		inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(long), nil):          "RS256",
		inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&long.PublicKey), nil): "RS256",
	} {
		if k, err := ParseKey(text); err != nil || k.method.Alg() != method {
			t.Errorf("%.40q: %+v, %v", text, k.method, err)
		}
	}
	for text, secret := range map[string]string{"base64:AAE=": "\x00\x01", file("secret", "s\n"): "s"} {
		if k, _ := ParseKey(text); string(k.private.([]byte)) != secret {
			t.Errorf("%q: %q", text, k.private)
		}
	}
}

func TestKeysThatAreOfNoUse(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                   "key is empty",
		"base64:":                            "key is empty",
		"base64:secret!":                     "not valid base64",
		"file:/does/not/exist":               "no such file",
		"-----BEGIN RSA PRIVATE KEY-----":    "not readable",
		inPEM("CERTIFICATE", nil, nil):       `"CERTIFICATE" is not a key`,
		inPEM("PRIVATE KEY", []byte{1}, nil): "key in PEM: ",
		marshal("PRIVATE KEY", other):        "another curve",
		marshal("PRIVATE KEY", edwards):      "neither an RSA key",
	} {
		if _, err := ParseKey(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret!") {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// FuzzParseKey checks that whatever is taken for a key can do what keys do.
func FuzzParseKey(f *testing.F) {
	f.Add("secret")
	f.Add("base64:AAE=")
	f.Add("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "file:") {
			return
		}
		k, err := ParseKey(text)
		if err != nil {
			return
		}
		now := time.Now()
		s, err := NewSigner("i", k)
		if err != nil {
			if k.private == nil {
				return
			}
			t.Fatal(err)
		}
		token, err := s.Header(now)
		if err != nil || NewVerifier(k).Verify(token, now) != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
