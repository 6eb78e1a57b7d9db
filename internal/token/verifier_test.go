package token

import (
	"crypto/elliptic"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

func TestATokenThatAKeyHasSignedIsGood(t *testing.T) {
	long := newRSA(t, 2048)
	for _, c := range []struct{ private, algorithm string }{
		{secretText, "HS256"}, {secretText, "HS384"}, {secretText, "HS512"},
		{marshal(t, long), "RS256"}, {marshal(t, long), "RS512"}, {marshal(t, long), "PS384"},
		{marshal(t, newECDSA(t, elliptic.P256())), ""}, {marshal(t, newECDSA(t, elliptic.P384())), ""},
		{marshal(t, newEd25519(t)), ""},
	} {
		var algorithms []string
		if c.algorithm != "" {
			algorithms = []string{c.algorithm}
		}
		k := mustKey(t, c.private, algorithms...)
		v := mustNew(t, Options{Keys: []Key{mustKey(t, secretText+"!"), k}})
		g, err := v.Verify(t.Context(), issue(t, sample(nil), &k, nil), now)
		if err != nil || g.Subject != "alice" {
			t.Errorf("%s: %+v, %v", k.Algorithm(), g, err)
		}
	}
}

func TestAGrantIsWhatTheClaimsSay(t *testing.T) {
	k := mustKey(t, secretText)
	v := mustNew(t, Options{Keys: []Key{k}})
	got, err := v.Verify(t.Context(), issue(t, sample(map[string]any{"grip": map[string]any{
		"channels":   []any{"news", map[string]any{"name": "user-1", "replay": "30s", "prev-id": "7", "filters": []string{"skip-self"}}},
		"meta":       map[string]string{"plan": "pro"},
		"keep-alive": map[string]any{"content": ":\n\n", "timeout": 20},
	}}), &k, nil), now)
	want := &Grant{
		Subject: "alice", ID: "t-1", Expires: now.Add(time.Hour), Until: now.Add(time.Hour), Meta: map[string]string{"plan": "pro"},
		Channels:  []grip.Channel{{Name: "news"}, {Name: "user-1", PrevID: "7", ReplayAge: 30 * time.Second, Filters: []string{"skip-self"}}},
		KeepAlive: &grip.KeepAlive{Data: []byte(":\n\n"), Interval: 20 * time.Second},
	}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
}

// TestABadTokenIsRefusedWithoutBeingQuoted also proves that errors can stand in a
// header.
func TestABadTokenIsRefusedWithoutBeingQuoted(t *testing.T) {
	long := newPair(t, newRSA(t, 2048))
	k, signer := mustKey(t, long.public), mustKey(t, long.private)
	other := mustKey(t, secretText)
	asSecret, err := Algorithms{}.ofSecret([]byte(long.public)) // what an attacker makes of a public key
	if err != nil {
		t.Fatal(err)
	}
	v := mustNew(t, Options{Keys: []Key{k}, Issuer: "idp", Audience: "holdfast", Leeway: 10 * time.Second, MaxLength: 2000})
	good := sample(map[string]any{"iss": "idp", "aud": []string{"holdfast", "other"}})
	with := func(more map[string]any) string {
		c := sample(map[string]any{"iss": "idp", "aud": "holdfast"})
		for name, value := range more {
			c[name] = value
		}
		return issue(t, c, &signer, nil)
	}
	headed := func(header any) string {
		return encode(t, header) + "." + encode(t, good) + "." + encode(t, "signature")
	}
	whole := issue(t, good, &signer, nil)
	if _, err := v.Verify(t.Context(), whole, now); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		kind Kind
		says string
	}{
		"no token at all":              {"hello", Refused, "compact"},
		"nothing":                      {"", Refused, "compact"},
		"a line break in it":           {whole[:20] + "\n" + whole[20:], Refused, "base64url"},
		"padding in it":                {whole + "=", Refused, "base64url"},
		"too long":                     {strings.Repeat("a", 2001), Refused, "too long"},
		"no header":                    {"e30." + encode(t, good) + ".", Refused, "algorithm"},
		"a header of rubbish":          {encode(t, "rubbish") + "." + encode(t, good) + ".", Refused, "header"},
		"alg none":                     {strings.TrimSuffix(headed(map[string]any{"alg": "none"}), encode(t, "signature")), Refused, "algorithm"},
		"alg none with a signature":    {headed(map[string]any{"alg": "none"}), Refused, "algorithm"},
		"the public key as a secret":   {issue(t, good, &asSecret, nil), Refused, "algorithm"},
		"an algorithm of nobody":       {headed(map[string]any{"alg": "XS512"}), Refused, "algorithm"},
		"another algorithm of the key": {headed(map[string]any{"alg": "RS512"}), Refused, "algorithm"},
		"a key of its own (jwk)":       {headed(map[string]any{"alg": "HS256", "jwk": map[string]any{"kty": "oct", "k": "AAAA"}}), Refused, "algorithm"},
		"a signature of another":       {issue(t, good, &other, nil), Refused, "algorithm"},
		"a forged signature":           {headed(map[string]any{"alg": "RS256"}), Refused, "not signed"},
		"no signature":                 {whole[:strings.LastIndex(whole, ".")+1], Refused, "not signed"},
		"a critical extension":         {headed(map[string]any{"alg": "RS256", "crit": []string{"b64"}, "b64": false}), Refused, "crit"},
		"another type":                 {headed(map[string]any{"alg": "RS256", "typ": "logout+jwt"}), Refused, "typ"},
		"encrypted for no reason":      {issue(t, good, &signer, []byte(secretText[:32])), Refused, "encrypted"},
		"expired":                      {with(map[string]any{"exp": now.Add(-11 * time.Second).Unix()}), Expired, "expired"},
		"no expiry":                    {with(map[string]any{"exp": nil}), Refused, "exp"},
		"an expiry in words":           {with(map[string]any{"exp": "tomorrow"}), Refused, "exp"},
		"an expiry in another age":     {with(map[string]any{"exp": 1e15}), Refused, "exp"},
		"not valid yet":                {with(map[string]any{"nbf": now.Add(11 * time.Second).Unix()}), Refused, "nbf"},
		"another issuer":               {with(map[string]any{"iss": "mallory"}), Refused, "iss"},
		"no issuer":                    {with(map[string]any{"iss": ""}), Refused, "iss"},
		"another audience":             {with(map[string]any{"aud": "mallory"}), Refused, "aud"},
		"no audience":                  {with(map[string]any{"aud": []string{}}), Refused, "aud"},
		"an audience of numbers":       {with(map[string]any{"aud": []int{7}}), Refused, "aud"},
		"a subject in two lines":       {with(map[string]any{"sub": "mallory\nalice"}), Refused, "sub"},
		"a subject that is a number":   {with(map[string]any{"sub": 7}), Refused, "sub"},
		"no grip":                      {with(map[string]any{"grip": nil}), Unfit, "grip"},
		"grip of another type":         {with(map[string]any{"grip": "mallory"}), Unfit, "grip"},
		"channels of another type":     {with(map[string]any{"grip": map[string]any{"channels": "mallory"}}), Unfit, "grip"},
		"a replay of another kind":     {with(map[string]any{"grip": map[string]any{"channels": []any{map[string]any{"name": "mallory", "replay": "mallory"}}}}), Unfit, "grip"},
		"a filter of nobody":           {with(map[string]any{"grip": map[string]any{"channels": []any{map[string]any{"name": "mallory", "filters": []string{"x"}}}}}), Unfit, "grip"},
		"a long poll":                  {with(map[string]any{"grip": map[string]any{"mode": "response", "channels": []any{"mallory"}}}), Unfit, "grip"},
	} {
		_, err := v.Verify(t.Context(), c.text, now)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Kind != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, told := range []string{"mallory", "alice", "news", "tomorrow", "XS512", "RS512", `"`, `\`} {
			if strings.Contains(err.Error(), told) {
				t.Errorf("%s: the error tells %s: %v", name, told, err)
			}
		}
	}
}

func TestClocksMayDifferByTheLeeway(t *testing.T) {
	k := mustKey(t, secretText)
	v := mustNew(t, Options{Keys: []Key{k}, Leeway: 10 * time.Second})
	for _, claims := range []map[string]any{
		{"exp": now.Add(-9 * time.Second).Unix()}, {"nbf": now.Add(10 * time.Second).Unix()},
	} {
		g, err := v.Verify(t.Context(), issue(t, sample(claims), &k, nil), now)
		if err != nil {
			t.Errorf("%v: %v", claims, err)
		} else if !g.Until.Equal(g.Expires.Add(10*time.Second)) || !g.Until.After(now) {
			t.Errorf("%v: what it grants is over at %v, %v after its exp", claims, g.Until, g.Until.Sub(g.Expires))
		}
	}
}

// RFC 7519 §4.1.3.
func TestATokenThatIsForSomebodyIsNotForARouteWithoutAName(t *testing.T) {
	k := mustKey(t, secretText)
	v := mustNew(t, Options{Keys: []Key{k}})
	if _, err := v.Verify(t.Context(), issue(t, sample(map[string]any{"aud": "billing"}), &k, nil), now); err == nil {
		t.Error("it was taken")
	}
}

func TestTokensAreAsOpenAsTheRouteSays(t *testing.T) {
	k, shared, former := mustKey(t, secretText), []byte(secretText[:32]), []byte(secretText[16:48])
	tokens := map[string]string{
		"signed":     issue(t, sample(nil), &k, nil),
		"encrypted":  issue(t, sample(nil), nil, shared),
		"both":       issue(t, sample(nil), &k, shared),
		"stranger's": issue(t, sample(nil), &k, []byte(secretText[20:52])),
	}
	stranger := mustKey(t, secretText+"!")
	tokens["signed by a stranger inside"] = issue(t, sample(nil), &stranger, shared)
	for name, c := range map[string]struct {
		options Options
		takes   string
	}{
		"a route that verifies":              {Options{Keys: []Key{k}}, "signed"},
		"a route that decrypts":              {Options{EncryptionKeys: [][]byte{former, shared}}, "encrypted"},
		"a route that decrypts and verifies": {Options{Keys: []Key{k}, EncryptionKeys: [][]byte{former, shared}}, "both"},
	} {
		v := mustNew(t, c.options)
		for what, text := range tokens {
			g, err := v.Verify(t.Context(), text, now)
			if (err == nil) != (what == c.takes) || err == nil && g.Subject != "alice" {
				t.Errorf("%s: a token that is %s: %+v, %v", name, what, g, err)
			}
		}
	}
}

func TestAnEncryptedTokenTellsNothing(t *testing.T) {
	text := issue(t, sample(nil), nil, []byte(secretText[:32]))
	for _, part := range strings.Split(text, ".") {
		if b, err := decode(part); err != nil || strings.Contains(string(b), "alice") {
			t.Errorf("%q: %v", b, err)
		}
	}
}

func TestOtherEncryptionsAreRefused(t *testing.T) {
	v := mustNew(t, Options{EncryptionKeys: [][]byte{[]byte(secretText[:32])}})
	good := strings.Split(issue(t, sample(nil), nil, []byte(secretText[:32])), ".")
	for name, header := range map[string]map[string]any{
		"a key in the token":        {"alg": "A256KW", "enc": "A256GCM"},
		"a password":                {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": 1 << 30, "p2s": "AAAA"},
		"another cipher":            {"alg": "dir", "enc": "A128CBC-HS256"},
		"a compressed content":      {"alg": "dir", "enc": "A256GCM", "zip": "DEF"},
		"something critical":        {"alg": "dir", "enc": "A256GCM", "crit": []string{"x"}},
		"a header of another token": {"alg": "dir", "enc": "A256GCM", "kid": "1"},
	} {
		text := strings.Join(append([]string{encode(t, header)}, good[1:]...), ".")
		if _, err := v.Verify(t.Context(), text, now); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for i := range good { // cut short in every part
		parts := append([]string{}, good...)
		parts[i] = strings.Repeat("A", 4)
		if _, err := v.Verify(t.Context(), strings.Join(parts, "."), now); err == nil {
			t.Errorf("part %d does not matter", i)
		}
	}
}

func TestAVerifierNeedsAKey(t *testing.T) {
	if _, err := New(Options{Issuer: "idp"}); err == nil {
		t.Error("it was made")
	}
}
