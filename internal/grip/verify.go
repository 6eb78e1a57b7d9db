package grip

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// errType is the error of a token that says it is something else than a JWT.
var errType = errors.New("token is no JWT by its typ")

// errCrit is the error of a token that demands to be understood beyond that.
var errCrit = errors.New("token has a critical extension (crit), of which none is known")

// ErrExpired is the error of a token that one of the keys has signed and that has
// expired.
var ErrExpired = errors.New("token has expired")

// Verifier knows the keys of others: of a proxy in front, or of publishers. It may
// be used from any goroutine.
type Verifier struct{ keys []Key }

// NewVerifier returns a verifier for tokens that are signed with any of the keys:
// while a key is being replaced, there are two.
func NewVerifier(keys ...Key) *Verifier { return &Verifier{keys} }

// Verify reports why token is not a JWT that one of the keys has signed and that
// expires after now. Who issued it does not matter, as in Pushpin.
func (v *Verifier) Verify(token string, now time.Time) error {
	err := errors.New("no keys")
	for i := range v.keys {
		if err = v.keys[i].verify(token, now); err == nil {
			return nil
		}
		if errors.Is(err, jwt.ErrTokenExpired) { // which is looked at after the signature
			return ErrExpired
		}
	}
	return err
}

// Claims is Verify, and returns the claims of the token: a JSON object, as it was
// signed.
func (v *Verifier) Claims(token string, now time.Time) ([]byte, error) {
	if err := v.Verify(token, now); err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	return base64.RawURLEncoding.DecodeString(claims)
}

// verify accepts only the method that the key is for, whatever the token says. What it
// demands to be understood (crit) is not understood here (RFC 7515 §4.1.11).
func (k *Key) verify(token string, now time.Time) error {
	parsed, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return k.public, nil },
		jwt.WithValidMethods([]string{k.method.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return err
	}
	if _, ok := parsed.Header["crit"]; ok {
		return errCrit
	}
	if typ, ok := parsed.Header["typ"]; ok {
		if name, _ := typ.(string); !strings.EqualFold(name, "JWT") {
			return errType
		}
	}
	return nil
}
