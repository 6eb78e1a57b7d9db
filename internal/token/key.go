package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/holdfast-proxy/holdfast/internal/keys"
)

// Key is a key of signatures. It is bound to one algorithm, whatever tokens say.
type Key struct {
	id      string // its kid; empty: it has none
	method  jwt.SigningMethod
	public  any
	private any // nil: it can only verify
}

// Algorithm is the key's algorithm, as tokens name it (RFC 7518 §3.1).
func (k *Key) Algorithm() string { return k.method.Alg() }

// Named returns the key with an id, which tokens that it signs tell (kid).
func (k Key) Named(id string) Key {
	k.id = id
	return k
}

// Algorithms says for which algorithms keys are that would do for several. The zero
// value is HS256 for secrets and RS256 for RSA keys; all others have but one.
type Algorithms struct{ secret, rsa jwt.SigningMethod }

// ParseAlgorithms reads the names of algorithms, at most one for each kind of key.
func ParseAlgorithms(names []string) (a Algorithms, err error) {
	for _, name := range names {
		of, method := &a.secret, secretMethod(name)
		if method == nil {
			of, method = &a.rsa, rsaMethod(name)
		}
		switch {
		case method == nil:
			return a, fmt.Errorf("%q is not an algorithm to choose: write HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384 or PS512", name)
		case *of != nil:
			return a, fmt.Errorf("%s and %s are for the same keys: write one of them", (*of).Alg(), name)
		}
		*of = method
	}
	return a, nil
}

func secretMethod(name string) jwt.SigningMethod {
	for _, m := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
		if m.Alg() == name {
			return m
		}
	}
	return nil
}

func rsaMethod(name string) jwt.SigningMethod {
	for _, m := range []jwt.SigningMethod{
		jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512,
		jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
	} {
		if m.Alg() == name {
			return m
		}
	}
	return nil
}

// ParseKey reads a key as package keys does: text, base64:... or file:PATH, a secret
// or a key in PEM, public or private. The error never contains it.
func (a Algorithms) ParseKey(text string) (Key, error) {
	parsed, err := keys.Parse(text)
	if err != nil {
		return Key{}, err
	}
	return a.bind(parsed)
}

// bind makes a key of what package keys or a set has.
func (a Algorithms) bind(material any) (Key, error) {
	switch k := material.(type) {
	case []byte:
		return a.ofSecret(k)
	case crypto.Signer:
		key, err := a.ofPublic(k.Public())
		key.private = k
		return key, err
	}
	return a.ofPublic(material)
}

// ofSecret refuses what could be guessed: a secret is as long as what it makes
// (RFC 7518 §3.2).
func (a Algorithms) ofSecret(secret []byte) (Key, error) {
	method := a.secret
	if method == nil {
		method = jwt.SigningMethodHS256
	}
	if least := method.(*jwt.SigningMethodHMAC).Hash.Size(); len(secret) < least {
		return Key{}, fmt.Errorf("a secret for %s has at least %d bytes: write base64: and what 'openssl rand -base64 %d' prints", method.Alg(), least, least)
	}
	return Key{method: method, public: secret, private: secret}, nil
}

func (a Algorithms) ofPublic(public any) (Key, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		method := a.rsa
		if method == nil {
			method = jwt.SigningMethodRS256
		}
		if k.N.BitLen() < keys.MinRSABits {
			return Key{}, fmt.Errorf("RSA key has fewer than %d bits", keys.MinRSABits)
		}
		return Key{method: method, public: k}, nil
	case *ecdsa.PublicKey:
		return ofCurve(k)
	case ed25519.PublicKey:
		return Key{method: jwt.SigningMethodEdDSA, public: k}, nil
	}
	return Key{}, errors.New("key is neither of RSA nor of a curve that tokens are signed with")
}

func ofCurve(k *ecdsa.PublicKey) (Key, error) {
	switch k.Curve {
	case elliptic.P256():
		return Key{method: jwt.SigningMethodES256, public: k}, nil
	case elliptic.P384():
		return Key{method: jwt.SigningMethodES384, public: k}, nil
	case elliptic.P521():
		return Key{method: jwt.SigningMethodES512, public: k}, nil
	}
	return Key{}, errors.New("key is of another curve than P-256, P-384 or P-521")
}

// encryptionKeyBytes is how long a key of A256GCM is.
const encryptionKeyBytes = 32

// ParseEncryptionKey reads a key to encrypt with, a secret that is written as all
// keys are. The error never contains it.
func ParseEncryptionKey(text string) ([]byte, error) {
	parsed, err := keys.Parse(text)
	if err != nil {
		return nil, err
	}
	secret, ok := parsed.([]byte)
	if !ok || len(secret) != encryptionKeyBytes {
		return nil, fmt.Errorf("an encryption key is %d bytes (A256GCM): write base64: and what 'openssl rand -base64 %[1]d' prints", encryptionKeyBytes)
	}
	return secret, nil
}
