package token

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// claims are those of a token that mean something here. Names are compared exactly
// (RFC 7519 §4): encoding/json would take Exp for exp, if it filled a struct.
type claims struct {
	issuer, subject, id string
	audience            []string
	expires, notBefore  time.Time // zero: not said
	grip                json.RawMessage
}

func parseClaims(payload []byte) (*claims, error) {
	var all map[string]json.RawMessage
	if !utf8.Valid(payload) || json.Unmarshal(payload, &all) != nil || all == nil {
		return nil, refused("has claims that are not a JSON object")
	}
	c := &claims{grip: all["grip"]}
	switch {
	case !readText(all["iss"], &c.issuer):
		return nil, refused("has an issuer (iss) that is not a line of text")
	case !readText(all["sub"], &c.subject):
		return nil, refused("has a subject (sub) that is not a line of text")
	case !readText(all["jti"], &c.id):
		return nil, refused("has an id (jti) that is not a line of text")
	case !readDate(all["exp"], &c.expires):
		return nil, refused("has an expiry (exp) that is not in seconds since 1970")
	case !readDate(all["nbf"], &c.notBefore):
		return nil, refused("has a beginning (nbf) that is not in seconds since 1970")
	case !readAudience(all["aud"], &c.audience):
		return nil, refused("has an audience (aud) that is neither a text nor a list of them")
	}
	return c, nil
}

// readText reads a string that can stand in a log line. One that is missing is empty.
func readText(v json.RawMessage, to *string) bool {
	if v == nil {
		return true
	}
	return v[0] == '"' && json.Unmarshal(v, to) == nil && !strings.ContainsFunc(*to, unicode.IsControl)
}

// lastDate is the end of the year 9999, in seconds since 1970.
const lastDate = 253402300799

// readDate reads a NumericDate (RFC 7519 §2), to the second.
func readDate(v json.RawMessage, to *time.Time) bool {
	if v == nil {
		return true
	}
	seconds, err := strconv.ParseFloat(string(v), 64) // what JSON has beside numbers it does not take
	if err != nil || seconds < 0 || seconds > lastDate {
		return false
	}
	*to = time.Unix(int64(seconds), 0)
	return true
}

// readAudience reads a string or a list (RFC 7519 §4.1.3).
func readAudience(v json.RawMessage, to *[]string) bool {
	if v == nil {
		return true
	}
	if v[0] == '"' {
		*to = make([]string, 1)
		return json.Unmarshal(v, &(*to)[0]) == nil
	}
	return v[0] == '[' && json.Unmarshal(v, to) == nil
}

// accept reports why a token with these claims is not to be taken at now.
func (v *Verifier) accept(c *claims, now time.Time) error {
	switch {
	case c.expires.IsZero():
		return refused("does not say when it expires (exp)")
	case !now.Before(c.expires.Add(v.leeway)):
		return &Error{Kind: Expired, Problem: "has expired"}
	case now.Before(c.notBefore.Add(-v.leeway)):
		return refused("is not valid yet (nbf)")
	case v.issuer != "" && c.issuer != v.issuer:
		return refused("is of another issuer (iss)")
	case v.audience != "" && !slices.Contains(c.audience, v.audience):
		return refused("is for another audience (aud)")
	case v.audience == "" && c.audience != nil:
		// RFC 7519 §4.1.3: who is not named must not take it.
		return refused("is for an audience (aud), and none is set here")
	}
	return nil
}
