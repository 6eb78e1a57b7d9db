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

// accept reports whether r carries one of the tokens (RFC 6750 §2.1). It looks
// at every token, whichever matches.
func (ts tokens) accept(header http.Header) bool {
	fields := header.Values("Authorization")
	if len(fields) != 1 {
		return false
	}
	scheme, credentials, _ := strings.Cut(fields[0], " ")
	credentials = strings.TrimSpace(credentials)
	if !strings.EqualFold(scheme, "Bearer") || credentials == "" {
		return false
	}
	hash := sha256.Sum256([]byte(credentials))
	found := 0
	for i := range ts {
		found |= subtle.ConstantTimeCompare(ts[i][:], hash[:])
	}
	return found == 1
}
