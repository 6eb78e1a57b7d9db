package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// now is when tokens are checked, unless a test says otherwise.
var now = time.Unix(1_800_000_000, 0)

// sample are claims that are good for an hour.
func sample(more map[string]any) map[string]any {
	c := map[string]any{
		"sub": "alice", "jti": "t-1", "exp": now.Add(time.Hour).Unix(),
		"grip": map[string]any{"channels": []any{"news"}},
	}
	maps.Copy(c, more)
	return c
}

// secretText is a secret that is long enough for HS512.
const secretText = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func mustKey(t testing.TB, text string, algorithms ...string) Key {
	t.Helper()
	a, err := ParseAlgorithms(algorithms)
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func inPEM(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// pair is a key as it is written, private and public.
type pair struct{ private, public string }

func newPair(t testing.TB, k crypto.Signer) pair {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(k)
	text := inPEM(t, "PRIVATE KEY", private, err)
	public, err := x509.MarshalPKIXPublicKey(k.Public())
	return pair{text, inPEM(t, "PUBLIC KEY", public, err)}
}

func newECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t testing.TB, claims map[string]any, k *Key, encryption []byte) string {
	t.Helper()
	text, err := Issue(claims, k, encryption)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustNew(t testing.TB, o Options) *Verifier {
	t.Helper()
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// encode is a part of a compact form.
func encode(t testing.TB, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return base64.RawURLEncoding.EncodeToString([]byte(s))
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// setText is the text of a set with the public keys, by kid.
func setText(t testing.TB, all map[string]crypto.Signer) string {
	t.Helper()
	var set jose.JSONWebKeySet
	for id, k := range all {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Use: "sig"})
	}
	b, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// marshal writes any private key in PEM.
func marshal(t testing.TB, k any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	return inPEM(t, "PRIVATE KEY", der, err)
}

// jwk is the text of one key of a set, private, with what it says about itself.
func jwk(t testing.TB, k crypto.Signer, id, algorithm, use string) string {
	t.Helper()
	b, err := json.Marshal(jose.JSONWebKey{Key: k, KeyID: id, Algorithm: algorithm, Use: use})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
