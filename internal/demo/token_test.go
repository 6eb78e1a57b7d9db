package demo

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestATokenNamesItsUserUntilItEnds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	o := &origin{key: []byte("the key")}
	other := &origin{key: []byte("another key")}
	good := o.sign("alice", now.Add(tokenLifetime))
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	forged := base64.RawURLEncoding.EncodeToString(append([]byte("m"), raw...))
	tests := map[string]struct {
		token string
		now   time.Time
		user  string
	}{
		"a fresh token is good":                       {good, now, "alice"},
		"it is good until its last second":            {good, now.Add(tokenLifetime - time.Second), "alice"},
		"it ends":                                     {good, now.Add(tokenLifetime), ""},
		"another user's name does not fit the MAC":    {forged, now, ""},
		"a token of another key is refused":           {other.sign("alice", now.Add(time.Hour)), now, ""},
		"an empty token is refused":                   {"", now, ""},
		"what is not base64 is refused":               {"!", now, ""},
		"what has no parts is refused":                {base64.RawURLEncoding.EncodeToString([]byte("alice")), now, ""},
		"a token without its last character is wrong": {good[:len(good)-1], now, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			user, err := o.verify(tt.token, tt.now)
			if user != tt.user || (err == nil) != (tt.user != "") {
				t.Errorf("verify = %q, %v; want %q", user, err, tt.user)
			}
		})
	}
}
