package grip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/holdfast-proxy/holdfast/internal/keys"
)

// Key is a key of signatures. What it is decides how is signed: a secret text
// HS256, a P-256 key ES256, an RSA key RS256. So nobody can take a public key for
// a secret.
type Key struct {
	method  jwt.SigningMethod
	private any // nil: it can only verify
	public  any
}

// ParseKey reads a key as package keys does: text as it is, base64:..., or
// file:PATH. What is in PEM is a private key or, to verify with, a public one;
// anything else is a secret. The error never contains the key.
func ParseKey(s string) (Key, error) {
	parsed, err := keys.Parse(s)
	if err != nil {
		return Key{}, err
	}
	if secret, ok := parsed.([]byte); ok {
		return Secret(secret), nil
	}
	return asymmetric(parsed)
}

// Secret returns the key that is a secret text.
func Secret(text []byte) Key { return Key{method: jwt.SigningMethodHS256, private: text, public: text} }

// MinSecret is how many bytes a secret has that cannot be found by trying (RFC 7518
// §3.2).
const MinSecret = 32

// Guessable reports whether k is a secret that is shorter than MinSecret.
func (k *Key) Guessable() bool {
	secret, ok := k.public.([]byte)
	return ok && len(secret) < MinSecret
}

// asymmetric makes a key of what was in PEM.
func asymmetric(parsed any) (Key, error) {
	switch k := parsed.(type) {
	case *ecdsa.PrivateKey:
		return curved(k, &k.PublicKey)
	case *ecdsa.PublicKey:
		return curved(nil, k)
	case *rsa.PrivateKey:
		return ofRSA(k, &k.PublicKey)
	case *rsa.PublicKey:
		return ofRSA(nil, k)
	}
	return Key{}, errors.New("key in PEM is neither an RSA key nor one of the curve P-256")
}

func curved(private *ecdsa.PrivateKey, public *ecdsa.PublicKey) (Key, error) {
	if public.Curve != elliptic.P256() {
		return Key{}, errors.New("key in PEM is of another curve than P-256")
	}
	k := Key{method: jwt.SigningMethodES256, public: public}
	if private != nil {
		k.private = private
	}
	return k, nil
}

func ofRSA(private *rsa.PrivateKey, public *rsa.PublicKey) (Key, error) {
	if public.N.BitLen() < keys.MinRSABits {
		return Key{}, fmt.Errorf("RSA key has fewer than %d bits", keys.MinRSABits)
	}
	k := Key{method: jwt.SigningMethodRS256, public: public}
	if private != nil {
		k.private = private
	}
	return k, nil
}
