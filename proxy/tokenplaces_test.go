package proxy

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAParameterIsCutOutOfAQueryAndTheRestStaysAsItWas(t *testing.T) {
	for query, want := range map[string]struct {
		values []string
		rest   string
	}{
		"":                           {nil, ""},
		"token=a":                    {[]string{"a"}, ""},
		"a=%2f&token=x%2Ey&&b;c=d&":  {[]string{"x.y"}, "a=%2f&&b;c=d&"},
		"token=a&token=b":            {[]string{"a", "b"}, ""},
		"to%6ben=a&Token=b":          {[]string{"a"}, "Token=b"},
		"token&token=&a":             {nil, "a"},
		"token=%zz&%zz=1":            {[]string{"%zz"}, "%zz=1"},
		"a=token=b&tokens=1&token+=": {nil, "a=token=b&tokens=1&token+="},
	} {
		values, rest := cutParameter(query, "token")
		if !slices.Equal(values, want.values) || rest != want.rest {
			t.Errorf("%s: %q and %q, want %q and %q", query, values, rest, want.values, want.rest)
		}
	}
}

// FuzzCutParameter: what is left has no token by any reading of ours.
func FuzzCutParameter(f *testing.F) {
	f.Add("a=1&token=x&to%6ben=y")
	f.Fuzz(func(t *testing.T, query string) {
		_, rest := cutParameter(query, "token")
		if values, again := cutParameter(rest, "token"); values != nil || again != rest {
			t.Errorf("%q has %q", rest, values)
		}
	})
}

func TestWhatMayBeATokenIsNotPassedOn(t *testing.T) {
	all := &Tokens{Query: "token", Bearer: true, Cookie: "stream"}
	for name, c := range map[string]struct {
		tokens        *Tokens
		query         string
		authorization []string
		cookies       []string
		wantQuery     string
		wantHeader    http.Header
	}{
		"everywhere": {
			tokens: all, query: "a=1&token=x", authorization: []string{"bearer x", "Basic y"},
			cookies: []string{"a=1; stream=x;  b=\"2\"", "stream=y"}, wantQuery: "a=1",
			wantHeader: http.Header{"Authorization": {"Basic y"}, "Cookie": {"a=1;  b=\"2\""}},
		},
		"nothing else": {tokens: all, authorization: []string{"Bearer x"}, cookies: []string{"stream=x"}, wantHeader: http.Header{}},
		"where the route does not look": {
			tokens: &Tokens{Query: "jwt"}, query: "token=x", authorization: []string{"Bearer x"}, cookies: []string{"stream=x"},
			wantQuery: "token=x", wantHeader: http.Header{"Authorization": {"Bearer x"}, "Cookie": {"stream=x"}},
		},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+c.query, nil)
		keep(r.Header, "Authorization", c.authorization)
		keep(r.Header, "Cookie", c.cookies)
		c.tokens.strip(r)
		if r.URL.RawQuery != c.wantQuery || !cmp.Equal(r.Header, c.wantHeader) {
			t.Errorf("%s: %q, %v", name, r.URL.RawQuery, r.Header)
		}
	}
}

func TestAQueryIsShownWithoutItsToken(t *testing.T) {
	tokens := &Tokens{Query: "token"}
	for query, want := range map[string]string{"a=1&token=x&b=2": "a=1&b=2&token=***", "token=x": "token=***", "a=1": "a=1"} {
		if got := tokens.HideToken(query, "***"); got != want {
			t.Errorf("%s is shown as %s", query, got)
		}
	}
	if got := (*Tokens)(nil).HideToken("token=x", "***"); got != "token=x" {
		t.Errorf("a route without tokens shows %s", got)
	}
}

func TestOneTokenIsFoundOrNone(t *testing.T) {
	tokens := &Tokens{Query: "token", Bearer: true, Cookie: "stream"}
	for name, c := range map[string]struct {
		query, authorization, cookie string
		want                         string
		reason                       Reason
	}{
		"none":                       {"", "", "", "", TokenMissing},
		"empty ones":                 {"token=", "Bearer", "stream=", "", TokenMissing},
		"in the query":               {"token=q", "", "", "q", ""},
		"in the header":              {"", "BEARER  h ", "", "h", ""},
		"in the cookie":              {"", "", "stream=c", "c", ""},
		"in the query and a cookie":  {"token=q", "", "stream=c", "q", ""},
		"in the query and header":    {"token=q", "Bearer h", "", "", TokenAmbiguous},
		"the same twice":             {"token=q&token=q", "", "", "", TokenAmbiguous},
		"in a cookie that is twice":  {"", "", "stream=c; stream=d", "", TokenAmbiguous},
		"beside another scheme":      {"token=q", "Basic Bearer", "", "q", ""},
		"in a scheme of one's own":   {"", "Bearerx y", "", "", TokenMissing},
		"in a parameter like it":     {"tokens=q&Token=q", "", "streams=c", "", TokenMissing},
		"in the query, with escapes": {"token=a%2Eb", "", "", "a.b", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+c.query, nil)
		for field, value := range map[string]string{"Authorization": c.authorization, "Cookie": c.cookie} {
			if value != "" {
				r.Header.Set(field, value)
			}
		}
		got, f := tokens.find(r)
		if got != c.want || (f == nil) != (c.reason == "") || f != nil && f.reason != c.reason {
			t.Errorf("%s: %q, %v", name, got, f)
		}
	}
}

// RFC 9110 §15.5.2 and §15.5.6: 401 and 405 have these fields.
func TestEveryRefusalOfATokenHasAChallenge(t *testing.T) {
	for _, reason := range reasons() {
		h := http.Header{}
		(&failure{reason, http.ErrBodyNotAllowed}).challenge(h)
		if has := len(h) > 0; has != (strings.HasPrefix(string(reason), "token_") && reason != TokenKeysUnavailable || reason == WrongMethod) {
			t.Errorf("%s: %v", reason, h)
		}
	}
}
