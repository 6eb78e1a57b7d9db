package grip

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Feature is the value of Grip-Feature: what of GRIP's options this proxy
// honours.
const Feature = "status, link:next, link:gone"

// signatureLife is how long a signature is valid (Pushpin: an hour).
const signatureLife = time.Hour

// Signer makes the Grip-Sig header, by which an origin knows that a request
// comes from its proxy.
type Signer struct {
	issuer string
	key    []byte
}

// NewSigner returns a signer with a symmetric key (HS256). The issuer becomes
// the claim iss.
func NewSigner(issuer string, key []byte) *Signer { return &Signer{issuer: issuer, key: key} }

// Header returns a new Grip-Sig value: a JWT with iss and exp.
func (s *Signer) Header(now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": s.issuer,
		"exp": now.Add(signatureLife).Unix(),
	})
	return token.SignedString(s.key)
}

// ParseKey reads a key: text as it is, base64:..., or file:PATH, whose content
// counts without the line break at its end. The error never contains the key.
func ParseKey(s string) ([]byte, error) {
	if encoded, ok := strings.CutPrefix(s, "base64:"); ok {
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, errors.New("key after base64: is not valid base64")
		}
		return checkKey(key)
	}
	if path, ok := strings.CutPrefix(s, "file:"); ok {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		return checkKey([]byte(strings.TrimRight(string(content), "\r\n")))
	}
	return checkKey([]byte(s))
}

func checkKey(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, errors.New("key is empty")
	}
	if strings.HasPrefix(string(key), "-----BEGIN ") {
		return nil, errors.New("key is PEM: only symmetric keys (HS256) are supported")
	}
	return key, nil
}
