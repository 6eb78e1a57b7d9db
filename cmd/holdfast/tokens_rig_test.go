package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/token"
)

// tokenSecret and tokenCipher are keys of tests, as they are written.
const (
	tokenSecret = "0123456789abcdef0123456789abcdef"
	tokenCipher = "fedcba9876543210fedcba9876543210"
)

// tokenIssuer makes tokens.
type tokenIssuer struct {
	t   testing.TB
	key *token.Key
}

func newIssuer(t testing.TB, key string) tokenIssuer {
	t.Helper()
	k, err := token.Algorithms{}.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return tokenIssuer{t, &k}
}

// claimsFor are claims of alice that are good for an hour.
func claimsFor(channels ...any) map[string]any {
	return map[string]any{
		"sub": "alice", "jti": "token-1", "exp": time.Now().Add(time.Hour).Unix(),
		"grip": map[string]any{"channels": channels},
	}
}

// with returns claims with others added or changed.
func with(claims, others map[string]any) map[string]any {
	claims = maps.Clone(claims)
	maps.Copy(claims, others)
	return claims
}

func (i tokenIssuer) issue(claims map[string]any) string { return i.seal(claims, nil) }

func (i tokenIssuer) seal(claims map[string]any, encryption []byte) string {
	i.t.Helper()
	text, err := token.Issue(claims, i.key, encryption)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

// tokenRouteFile is a configuration with one route, which has these settings below
// tokens.
func tokenRouteFile(tokens string, more ...string) string {
	file := "routes:\n  - name: events\n    path_prefix: /events\n    tokens:\n"
	for line := range strings.Lines(strings.TrimSpace(tokens)) {
		file += "      " + strings.TrimSpace(line) + "\n"
	}
	for _, line := range more {
		file += "    " + line + "\n"
	}
	return file
}

// withToken is the URL of the events with a token.
func withToken(s *server, text string) string {
	return s.URL + "/events?" + url.Values{"token": {text}}.Encode()
}

// reply is what a request without a stream comes to.
func reply(t *testing.T, method, address string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	resp, err := newClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}
