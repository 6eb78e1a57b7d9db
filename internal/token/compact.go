package token

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// The parts of a compact form.
const (
	signedParts    = 3 // RFC 7515 §3.1
	encryptedParts = 5 // RFC 7516 §3.1
)

// header is what matters of a JOSE header.
type header struct {
	Alg, Enc, Kid, Typ string
	Zip, Crit          json.RawMessage
}

// split takes a compact form apart. Only characters of base64url are let through:
// Go's decoder would skip line breaks.
func split(text string) ([]string, error) {
	for i := range len(text) {
		switch c := text[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return nil, refused("has a character in it that is not of base64url")
		}
	}
	parts := strings.Split(text, ".")
	if len(parts) != signedParts && len(parts) != encryptedParts {
		return nil, refused("is not in compact form: that has three parts, or five if it is encrypted")
	}
	return parts, nil
}

// decode is base64url without padding, and without the bits that no decoder would
// look at.
func decode(part string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(part)
}

// readHeader reads the first part. What a token demands to be understood (crit) is
// not understood here (RFC 7515 §4.1.11), and one that is of another type than a
// JWT is not one (RFC 8725 §3.11).
func readHeader(part string) (h header, err error) {
	content, err := decode(part)
	if err != nil || json.Unmarshal(content, &h) != nil {
		return h, refused("has a header that cannot be read")
	}
	switch {
	case h.Crit != nil:
		return h, refused("has a critical extension (crit), of which none is known")
	case h.Zip != nil:
		return h, refused("is compressed (zip)")
	case !isJWT(h.Typ):
		return h, refused("is not a JWT by its typ")
	}
	return h, nil
}

// isJWT reports whether a typ may stand on a token for us: none, JWT, or that of
// access tokens (RFC 9068 §2.1).
func isJWT(typ string) bool {
	typ = strings.ToLower(typ)
	typ = strings.TrimPrefix(typ, "application/")
	return typ == "" || typ == "jwt" || typ == "at+jwt"
}
