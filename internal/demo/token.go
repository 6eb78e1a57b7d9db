package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// tokenLifetime covers a redirect and a slow network.
const tokenLifetime = 30 * time.Second

// errToken does not say what is wrong: whoever made the token up need not know.
var errToken = errors.New("the token is not valid, or no longer")

// sign returns a token for user. Nobody but the origin reads it: it is the
// user, the second it ends and a MAC of both, in base64 for the query.
func (o *origin) sign(user string, ends time.Time) string {
	claim := user + "." + strconv.FormatInt(ends.Unix(), 10)
	return base64.RawURLEncoding.EncodeToString([]byte(claim + "." + o.mac(claim)))
}

// verify returns the user that sign was called with. The error is errToken.
func (o *origin) verify(token string, now time.Time) (user string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errToken
	}
	user, rest, _ := strings.Cut(string(text), ".")
	ends, mac, _ := strings.Cut(rest, ".")
	if !hmac.Equal([]byte(mac), []byte(o.mac(user+"."+ends))) {
		return "", errToken
	}
	second, err := strconv.ParseInt(ends, 10, 64)
	if err != nil || now.Unix() >= second {
		return "", errToken
	}
	return user, nil
}

func (o *origin) mac(claim string) string {
	h := hmac.New(sha256.New, o.key)
	h.Write([]byte(claim))
	return string(h.Sum(nil))
}
