package token

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNamesOfClaimsAreComparedExactly(t *testing.T) {
	c, err := parseClaims([]byte(`{"exp":1800000000.5,"EXP":1900000000,"Sub":"mallory","sub":"al\u0069ce","aud":"a"}`))
	if err != nil || c.subject != "alice" || c.expires.Unix() != 1_800_000_000 || c.audience[0] != "a" {
		t.Errorf("got %+v, %v", c, err)
	}
}

// FuzzClaims looks for claims that are taken and should not be, and for errors that
// repeat them.
func FuzzClaims(f *testing.F) {
	for _, text := range []string{
		`{"exp":1800003600,"sub":"alice","jti":"1","aud":["a","b"],"grip":{"channels":["news",{"name":"x","replay":"30s"}],"meta":{"a":"b"}}}`,
		`{"exp":1.8e9,"nbf":0,"grip":{"mode":"stream","channels":[],"keep-alive":{"content":":\n\n","timeout":20}}}`,
		`{"exp":"x"}`, `{"exp":1e400}`, `{"aud":null}`, `{"grip":null}`, `[]`, `null`, `{`, "\xff",
	} {
		f.Add([]byte(text))
	}
	v, err := New(Options{EncryptionKeys: [][]byte{make([]byte, encryptionKeyBytes)}, Leeway: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := parseClaims(payload)
		if err == nil {
			err = v.accept(c, now)
		}
		var g *Grant
		if err == nil {
			g, err = c.grant(0)
		}
		var wrong *Error
		switch {
		case err != nil && !errors.As(err, &wrong):
			t.Errorf("error %T", err)
		case err != nil && (strings.ContainsAny(err.Error(), "\"\\\r\n") || len(err.Error()) > 200):
			t.Errorf("error %q", err)
		case err == nil && (!json.Valid(payload) || !g.Expires.After(now.Add(-2*time.Second)) || strings.ContainsAny(g.Subject+g.ID, "\r\n")):
			t.Errorf("granted %+v", g)
		}
	})
}

// FuzzToken looks for texts that are taken for a token, or break the reader.
func FuzzToken(f *testing.F) {
	k := mustKey(f, secretText)
	shared := []byte(secretText[:32])
	f.Add(issue(f, sample(nil), &k, nil))
	f.Add(issue(f, sample(nil), &k, shared))
	f.Add("e30..")
	f.Add("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....")
	stranger := mustKey(f, secretText+"!")
	signed := mustNew(f, Options{Keys: []Key{stranger}})
	sealed := mustNew(f, Options{Keys: []Key{stranger}, EncryptionKeys: [][]byte{shared}})
	f.Fuzz(func(t *testing.T, text string) {
		for _, v := range []*Verifier{signed, sealed} {
			if g, err := v.Verify(t.Context(), text, now); err == nil {
				t.Errorf("granted %+v", g)
			}
		}
	})
}
