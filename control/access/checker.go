package access

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/quota"
)

// Verifier tells whose signed tokens (JWT) are believed.
type Verifier interface {
	// Claims returns the claims of a token that is signed and valid at now, a JSON
	// object. The error is grip.ErrExpired if nothing but that is wrong with it.
	Claims(token string, now time.Time) ([]byte, error)
}

// Options say which tokens are good.
type Options struct {
	// Tokens are those that are configured. No two grants may have the same.
	Tokens []Token
	// Verifier, unless nil, knows those that are signed.
	Verifier Verifier
	// Before, unless nil, is the checker whose place the new one takes. Who guesses is
	// slowed as before, and a grant on the same terms goes on with its rate.
	Before *Checker
}

// Checker knows which tokens are good, and slows those down who guess. Its methods
// may be called from any goroutine.
type Checker struct {
	// Fixed after New.
	tokens   tokens
	verifier Verifier

	attempts *attempts // also of the checkers before
}

// New returns a checker. The error says whose token is no good.
func New(o Options) (*Checker, error) {
	ts, err := newTokens(o.Tokens)
	if err != nil {
		return nil, err
	}
	c := &Checker{tokens: ts, verifier: o.Verifier}
	if o.Before == nil {
		c.attempts = newAttempts()
		return c, nil
	}
	c.attempts = o.Before.attempts
	c.tokens.keepRates(o.Before.tokens)
	return c, nil
}

// Open reports whether there are no tokens at all, so that nobody can be known by
// one. It is so for a nil Checker, too.
func (c *Checker) Open() bool { return c == nil || len(c.tokens.hashes) == 0 && c.verifier == nil }

// Check returns what the bearer of a token may do who calls from an address; zero
// stands for an address that is not known. An empty token is none. The error is a
// *Refused.
func (c *Checker) Check(token string, from netip.Addr) (*Grant, error) {
	if token == "" {
		return nil, &Refused{Reason: NoToken, Message: tokenNeeded}
	}
	from = quota.Client(from)
	now, h := time.Now(), hashOf(token)
	grant := c.tokens.find(h)
	good := h
	if grant == nil && c.verifier != nil {
		if wait := c.attempts.closed(from, now); wait > 0 {
			return nil, slowed(wait)
		}
		var err error
		if grant, err = c.verify(token, now); err != nil {
			return nil, err
		}
		good = hash{}
	}
	if grant == nil {
		if wait := c.attempts.failed(from, h, now); wait > 0 {
			return nil, slowed(wait)
		}
		return nil, &Refused{Reason: UnknownToken, Message: tokenNeeded}
	}
	if wait := c.attempts.passed(from, good, now); wait > 0 {
		return nil, slowed(wait)
	}
	return grant, nil
}

// tokenNeeded is what a client is told without a good token.
const tokenNeeded = "A valid token is needed: Authorization: Bearer TOKEN."

// verify returns the grant of a signed token, nil if it is not one. Whoever has
// the key does not guess: what is wrong with a token that it has signed is an error.
func (c *Checker) verify(token string, now time.Time) (*Grant, error) {
	claims, err := c.verifier.Claims(token, now)
	switch {
	case errors.Is(err, grip.ErrExpired):
		return nil, &Refused{Reason: ExpiredToken, Message: "The token has expired."}
	case err != nil:
		return nil, nil
	}
	terms, err := ParseClaims(claims)
	if err != nil {
		return nil, &Refused{Reason: BadClaims, Message: fmt.Sprintf("The token is not good: %v.", err)}
	}
	return NewGrant(terms), nil
}

func slowed(wait time.Duration) *Refused {
	return &Refused{Reason: Slowed, Wait: wait, Message: "Too many unknown tokens have come from your address: try again later."}
}
