package token

import (
	"encoding/json"
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// Issue makes a token with these claims: signed with key, unless that is nil, and
// then encrypted with encryption, unless that is nil. Holdfast takes tokens and
// gives none out; this is for trying things.
func Issue(claims map[string]any, key *Key, encryption []byte) (string, error) {
	if key == nil && encryption == nil {
		return "", errors.New("a token must be signed, or encrypted, or both")
	}
	content, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if key != nil {
		if key.private == nil {
			return "", errors.New("a public key cannot sign")
		}
		t := jwt.NewWithClaims(key.method, jwt.MapClaims(claims))
		if key.id != "" {
			t.Header["kid"] = key.id
		}
		signed, err := t.SignedString(key.private)
		if err != nil || encryption == nil {
			return signed, err
		}
		content = []byte(signed)
	}
	return encrypt(content, key != nil, encryption)
}
