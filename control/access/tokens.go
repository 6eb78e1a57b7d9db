package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
)

// Token is a token that is configured.
type Token struct {
	Text  string
	Grant *Grant
}

// hash is a token's. Hashes have one length, so that comparing them tells nothing
// of a token's.
type hash [sha256.Size]byte

func hashOf(token string) hash { return sha256.Sum256([]byte(token)) }

// tokens are the configured ones.
type tokens struct {
	hashes []hash
	grants []*Grant // of the hashes
}

// newTokens refuses empty tokens, and those that stand for two grants: which one
// would count, nobody could tell.
func newTokens(all []Token) (tokens, error) {
	var ts tokens
	for _, t := range all {
		if t.Text == "" {
			return tokens{}, fmt.Errorf("a token of %s is empty", t.Grant.name)
		}
		h := hashOf(t.Text)
		switch known := ts.find(h); known {
		case nil:
			ts.hashes, ts.grants = append(ts.hashes, h), append(ts.grants, t.Grant)
		case t.Grant:
		default:
			return tokens{}, errors.New("a token of " + t.Grant.name + " is also one of " + known.name)
		}
	}
	return ts, nil
}

// keepRates puts grants of before in the place of those that are on the same terms.
func (ts tokens) keepRates(before tokens) {
	for i, g := range ts.grants {
		if same := slices.IndexFunc(before.grants, g.same); same >= 0 {
			ts.grants[i] = before.grants[same]
		}
	}
}

// find returns the grant of the token with a hash, nil if there is none. It looks
// at every token, whichever matches.
func (ts tokens) find(h hash) *Grant {
	found := -1
	for i := range ts.hashes {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(ts.hashes[i][:], h[:]), i, found)
	}
	if found < 0 {
		return nil
	}
	return ts.grants[found]
}
