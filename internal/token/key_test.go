package token

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
)

func TestAKeyIsForOneAlgorithm(t *testing.T) {
	long := newPair(t, newRSA(t, 2048))
	for name, c := range map[string]struct {
		key        string
		algorithms []string
		want       string
	}{
		"a secret":                       {secretText, nil, "HS256"},
		"a secret for another algorithm": {secretText, []string{"HS512", "PS256"}, "HS512"},
		"an RSA key":                     {long.public, nil, "RS256"},
		"an RSA key for another":         {long.public, []string{"HS512", "PS256"}, "PS256"},
		"a key of P-256":                 {newPair(t, newECDSA(t, elliptic.P256())).public, []string{"RS512"}, "ES256"},
		"a key of P-384":                 {newPair(t, newECDSA(t, elliptic.P384())).public, nil, "ES384"},
		"a key of P-521":                 {newPair(t, newECDSA(t, elliptic.P521())).private, nil, "ES512"},
		"a key of Ed25519":               {newPair(t, newEd25519(t)).private, nil, "EdDSA"},
	} {
		k := mustKey(t, c.key, c.algorithms...)
		if k.Algorithm() != c.want {
			t.Errorf("%s is for %s, want %s", name, k.Algorithm(), c.want)
		}
	}
}

func TestWhatIsNoKeyForTokensIsRefusedWithoutBeingQuoted(t *testing.T) {
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key        string
		algorithms []string
	}{
		"a secret that can be guessed":               {"s3cret", nil},
		"a secret that is too short for its purpose": {secretText[:32], []string{"HS512"}},
		"a short RSA key":                            {newPair(t, newRSA(t, 1024)).public, nil},
		"a key of P-224":                             {newPair(t, newECDSA(t, elliptic.P224())).public, nil},
		"a key to exchange keys":                     {marshal(t, exchange), nil},
	} {
		a, err := ParseAlgorithms(c.algorithms)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = a.ParseKey(c.key); err == nil || strings.Contains(err.Error(), c.key) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAlgorithmsThatCannotBeChosenAreRefused(t *testing.T) {
	for _, names := range [][]string{{"none"}, {"ES256"}, {"HS256", "HS512"}, {"RS256", "PS256"}, {""}} {
		if _, err := ParseAlgorithms(names); err == nil {
			t.Errorf("%q are chosen", names)
		}
	}
}

func TestAnEncryptionKeyHas32Bytes(t *testing.T) {
	for text, want := range map[string]bool{
		secretText[:32]: true,
		"base64:" + base64.StdEncoding.EncodeToString(make([]byte, 32)): true,
		secretText[:31]:                          false,
		newPair(t, newEd25519(t)).private:        false,
		"base64:" + strings.Repeat("AAAA", 1000): false,
	} {
		if _, err := ParseEncryptionKey(text); (err == nil) != want {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
