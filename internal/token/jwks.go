package token

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys a set may have. A token without a kid may be tried with
// all of them.
const maxKeys = 50

// parseKeySet reads a set (RFC 7517 §5). Keys that are not for signatures, that are
// of a kind that is not known here, or that are secrets are passed over, as the RFC
// demands; a set without any other is an error.
func parseKeySet(data []byte, a Algorithms) ([]Key, error) {
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(data, &set) != nil || set.Keys == nil {
		return nil, errors.New("is not a JSON object with a list of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("has %d keys, and %d are allowed", len(set.Keys), maxKeys)
	}
	var found []Key
	for _, data := range set.Keys {
		if k, ok := parseJWK(data, a); ok {
			found = append(found, k)
		}
	}
	if found == nil {
		return nil, errors.New("has no key that verifies signatures")
	}
	return found, nil
}

// parseJWK reads a key of a set. Of a private key it keeps what is public.
func parseJWK(data []byte, a Algorithms) (Key, bool) {
	var read jose.JSONWebKey
	if read.UnmarshalJSON(data) != nil || read.Use != "" && read.Use != "sig" {
		return Key{}, false
	}
	public := read.Key
	if private, ok := public.(crypto.Signer); ok {
		public = private.Public()
	}
	if method := rsaMethod(read.Algorithm); method != nil {
		a.rsa = method
	}
	k, err := a.ofPublic(public)
	if err != nil || read.Algorithm != "" && read.Algorithm != k.Algorithm() {
		return Key{}, false
	}
	k.id = read.KeyID
	return k, true
}
