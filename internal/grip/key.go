package grip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// minRSABits is how long an RSA key must be (RFC 7518 §3.3).
const minRSABits = 2048

// Key is a key of signatures. What it is decides how is signed: a secret text
// HS256, a P-256 key ES256, an RSA key RS256. So nobody can take a public key for
// a secret.
type Key struct {
	method  jwt.SigningMethod
	private any // nil: it can only verify
	public  any
}

// ParseKey reads a key: text as it is, base64:..., or file:PATH, whose content
// counts without the line break at its end. What is in PEM is a private key or, to
// verify with, a public one; anything else is a secret. The error never contains
// the key.
func ParseKey(s string) (Key, error) {
	if encoded, ok := strings.CutPrefix(s, "base64:"); ok {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return Key{}, errors.New("key after base64: is not valid base64")
		}
		return newKey(key)
	}
	if path, ok := strings.CutPrefix(s, "file:"); ok {
		content, err := os.ReadFile(path)
		if err != nil {
			return Key{}, fmt.Errorf("key: %w", err)
		}
		return newKey([]byte(strings.TrimRight(string(content), "\r\n")))
	}
	return newKey([]byte(s))
}

// Secret returns the key that is a secret text.
func Secret(text []byte) Key { return Key{method: jwt.SigningMethodHS256, private: text, public: text} }

// newKey finds out what key bytes are.
func newKey(b []byte) (Key, error) {
	if len(b) == 0 {
		return Key{}, errors.New("key is empty")
	}
	if !strings.HasPrefix(string(b), "-----BEGIN ") {
		return Secret(b), nil
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "EC PARAMETERS" { // OpenSSL writes it before the key
			continue
		}
		parsed, err := parseDER(block)
		if err != nil {
			return Key{}, fmt.Errorf("key in PEM: %w", err)
		}
		return asymmetric(parsed)
	}
	return Key{}, errors.New("key in PEM is not readable")
}

func parseDER(block *pem.Block) (any, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	return nil, fmt.Errorf("%q is not a key", block.Type)
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
	if public.N.BitLen() < minRSABits {
		return Key{}, fmt.Errorf("RSA key has fewer than %d bits", minRSABits)
	}
	k := Key{method: jwt.SigningMethodRS256, public: public}
	if private != nil {
		k.private = private
	}
	return k, nil
}
