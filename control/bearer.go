package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// tokens are the hashes of the bearer tokens that are accepted. Hashes have one
// length, so that comparing them tells nothing of a token's.
type tokens [][sha256.Size]byte

func newTokens(plain []string) tokens {
	ts := make(tokens, len(plain))
	for i, token := range plain {
		ts[i] = sha256.Sum256([]byte(token))
	}
	return ts
}

// accept reports whether token is one of them. It looks at every one, whichever
// matches.
func (ts tokens) accept(token string) bool {
	hash := sha256.Sum256([]byte(token))
	found := 0
	for i := range ts {
		found |= subtle.ConstantTimeCompare(ts[i][:], hash[:])
	}
	return found == 1
}

// bearerToken returns the token that a request carries (RFC 6750 §2.1), empty if
// there is none, or more than one.
func bearerToken(header http.Header) string {
	fields := header.Values("Authorization")
	if len(fields) != 1 {
		return ""
	}
	scheme, credentials, _ := strings.Cut(fields[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credentials)
}

// fastlyKey is where the API of Fastly looks for a token.
const fastlyKey = "Fastly-Key"

// token returns the token that r carries to e.
func (e *endpoint) token(r *http.Request) string {
	if fields := r.Header.Values(fastlyKey); e.fastly && len(fields) == 1 {
		return fields[0]
	}
	return bearerToken(r.Header)
}
