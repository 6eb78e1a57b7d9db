package grip

import (
	"errors"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Feature is the value of Grip-Feature: what of GRIP's options this proxy
// honours.
const Feature = "status, link:next, link:gone, filter:" + SkipSelf + ", filter:" + SkipUsers + ", filter:" + RequireSub +
	", filter:" + BuildID + ", filter:" + VarSubst

// signatureLife is how long a signature is valid (Pushpin: an hour).
const signatureLife = time.Hour

// Signer makes the Grip-Sig header, by which an origin knows that a request
// comes from its proxy. It may be used from any goroutine.
type Signer struct {
	// Fixed after NewSigner.
	issuer string
	key    Key

	// Signing with RSA takes a millisecond, so a signature serves all requests of
	// one second: those would differ in nothing.
	mu     sync.Mutex
	second int64
	last   string
}

// NewSigner returns a signer. The issuer becomes the claim iss. The error is that
// the key is a public one, or cannot be signed with.
func NewSigner(issuer string, key Key) (*Signer, error) {
	if key.private == nil {
		return nil, errors.New("a public key cannot sign")
	}
	s := &Signer{issuer: issuer, key: key}
	_, err := s.Header(time.Time{})
	return s, err
}

// Header returns a Grip-Sig value: a JWT with iss and exp.
func (s *Signer) Header(now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != "" && s.second == now.Unix() {
		return s.last, nil
	}
	token := jwt.NewWithClaims(s.key.method, jwt.MapClaims{
		"iss": s.issuer,
		"exp": now.Add(signatureLife).Unix(),
	})
	signed, err := token.SignedString(s.key.private)
	if err != nil {
		return "", err
	}
	s.second, s.last = now.Unix(), signed
	return signed, nil
}
