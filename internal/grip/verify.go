package grip

import (
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// errType is the error of a token that says it is something else than a JWT.
var errType = errors.New("token is no JWT by its typ")

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
	}
	return err
}

// verify accepts only the method that the key is for, whatever the token says.
func (k *Key) verify(token string, now time.Time) error {
	parsed, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return k.public, nil },
		jwt.WithValidMethods([]string{k.method.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return err
	}
	if typ, ok := parsed.Header["typ"]; ok {
		if name, _ := typ.(string); !strings.EqualFold(name, "JWT") {
			return errType
		}
	}
	return nil
}
