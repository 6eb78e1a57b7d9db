package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestARouteThatHoldsByTokenNeedsNoOrigins(t *testing.T) {
	for _, tokens := range []string{
		"{keys: [secret]}", "{jwks: 'https://id.example.com/keys'}", "{jwks: 'http://127.0.0.1:8080/keys'}",
		"{encryption_keys: ['base64:AAAA'], issuer: idp, audience: us, cookie: stream, query: ''}",
	} {
		cfg, _, err := Load(Sources{File: writeFile(t, "routes: [{path_prefix: /events, tokens: "+tokens+"}]")})
		if err != nil {
			t.Errorf("%s: %v", tokens, err)
		} else if got := cfg.Routes[0].Tokens; !got.Set() || got.Leeway != defaultTokens().Leeway {
			t.Errorf("%s: %+v", tokens, got)
		}
	}
}

func TestTokensThatCannotWorkAreRefused(t *testing.T) {
	for route, want := range map[string]string{
		"tokens: {issuer: idp}":                                               "routes[0].tokens: has no key",
		"tokens: {keys: ['']}":                                                "routes[0].tokens.keys[0]: is empty",
		"tokens: {encryption_keys: ['base64:!']}":                             "routes[0].tokens.encryption_keys[0]: is not base64",
		"tokens: {jwks: 'http://id.example.com/keys'}":                        "routes[0].tokens.jwks: is neither",
		"tokens: {jwks: 'https://user:s3cret@id.example.com/'}":               "routes[0].tokens.jwks: is neither",
		"tokens: {jwks: 'https://a/', jwks_refresh: 0s, jwks_cooldown: 1s}":   "routes[0].tokens.jwks_refresh: 0s is too short",
		"tokens: {jwks: 'https://a/', jwks_cooldown: 10ms}":                   "routes[0].tokens.jwks_cooldown: 10ms is too short",
		"tokens: {jwks: 'https://a/', jwks_refresh: 5s}":                      "routes[0].tokens.jwks_cooldown: is 10s, more than jwks_refresh",
		"tokens: {keys: [k], query: lastEventId}":                             `routes[0].tokens.query: "lastEventId" is also one of resume.query_parameters`,
		"tokens: {keys: [k], leeway: 1h}":                                     "routes[0].tokens.leeway: 1h0m0s is too long",
		"tokens: {keys: [k], max_length: 0B}":                                 "routes[0].tokens.max_length: is 0",
		"tokens: {keys: [k], query: '', bearer: false}":                       "routes[0].tokens.query: is empty",
		"tokens: {keys: [k], cookie: 'a b'}":                                  `routes[0].tokens.cookie: "a b" is not the name`,
		"tokens: {keys: [k]}, over_http: true, origins: ['http://a']":         "routes[0].tokens: holds event streams",
		"tokens: {keys: [k]}, protocol: websocket":                            "routes[0].tokens: holds event streams",
		"tokens: {keys: ['file:" + filepath.Join("none", "at", "all") + "']}": "routes[0].tokens.keys[0]: open",
		"tokens: {jwks: 'file:none.json'}":                                    "routes[0].tokens.jwks: open",
	} {
		_, _, err := Load(Sources{File: writeFile(t, "routes: [{path_prefix: /events, "+route+"}]")})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %s", route, err, want)
		}
	}
}
