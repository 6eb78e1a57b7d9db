package main

import (
	"strings"
	"testing"
)

// tokenOut runs `holdfast token ...` and returns what it prints.
func tokenOut(t *testing.T, args ...string) string {
	t.Helper()
	got := command(t.Context(), "", append([]string{"token"}, args...)...)
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("token %q: %+v", args, got)
	}
	return strings.TrimSpace(got.stdout)
}

func TestATokenThatIsSignedIsVerified(t *testing.T) {
	_, private := newSigningKey(t)
	key := "file:" + writeFile(t, "key.pem", private)
	config := writeFile(t, "holdfast.yaml", tokenRouteFile("keys: ['"+key+"']\naudience: us", "channel_prefix: app-", "subscribe: [all]"))
	text := tokenOut(t, "sign", "--key", key, "--sub", "alice", "--id", "1", "--audience", "us", "--channel", "a", "--channel", "b", "--meta", "plan=pro")
	for _, args := range [][]string{{"--config", config}, {"--config", config, "--route", "events"}, {"--key", key, "--audience", "us"}} {
		out := tokenOut(t, append([]string{"verify", text}, args...)...)
		want := []string{"user      alice", "id        1", "meta      plan=pro", "expires   ", "channels  "}
		if args[0] == "--config" {
			want[4] += "app-a, app-b, all"
		} else {
			want[4] += "a, b"
		}
		for _, line := range want {
			if !strings.Contains(out, line) {
				t.Errorf("%v: %q is not in\n%s", args, line, out)
			}
		}
	}
}

func TestATokenIsSignedAndEncryptedByWhatIsNamed(t *testing.T) {
	const long = tokenSecret + tokenCipher
	for name, c := range map[string]struct{ sign, verify []string }{
		"a secret":           {[]string{"--key", long}, []string{"--key", long}},
		"another algorithm":  {[]string{"--key", long, "--algorithm", "HS512"}, []string{"--key", long, "--algorithm", "HS512"}},
		"encrypted":          {[]string{"--encrypt", tokenCipher}, []string{"--decrypt", tokenCipher}},
		"both":               {[]string{"--key", long, "--encrypt", tokenCipher}, []string{"--key", long, "--decrypt", tokenCipher}},
		"one key of several": {[]string{"--key", long}, []string{"--key", tokenSecret, "--key", long}},
	} {
		text := tokenOut(t, append([]string{"sign", "--channel", "a"}, c.sign...)...)
		if out := tokenOut(t, append([]string{"verify", text}, c.verify...)...); !strings.Contains(out, "channels  a") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestATokenWithoutChannelsIsMadeWithAWarning(t *testing.T) {
	got := command(t.Context(), "", "token", "sign", "--key", tokenSecret)
	if got.code != exitOK || strings.Count(got.stdout, ".") != 2 || !strings.HasPrefix(got.stderr, "warning: the token has no channel") {
		t.Errorf("%+v", got)
	}
}

func TestTheCommandsForTokensSayWhatIsWrong(t *testing.T) {
	good := tokenOut(t, "sign", "--key", tokenSecret, "--channel", "a")
	unfit := newIssuer(t, tokenSecret).issue(claimsFor(map[string]any{"name": "a", "replay": "never"}))
	for want, args := range map[string][]string{
		"name a key with --key":                         {"sign", "--channel", "a"},
		"--key: a secret for HS256":                     {"sign", "--key", "short"},
		"--encrypt: an encryption key is 32 bytes":      {"sign", "--encrypt", "short"},
		"--algorithm: \"none\"":                         {"sign", "--key", tokenSecret, "--algorithm", "none"},
		"--algorithm: the key is for HS256":             {"sign", "--key", tokenSecret, "--algorithm", "RS512"},
		"--meta: \"x\" is not NAME=VALUE":               {"sign", "--key", tokenSecret, "--meta", "x"},
		"--channel: channel name \"\": is empty":        {"sign", "--key", tokenSecret, "--channel", ""},
		"the token is not signed with any":              {"verify", good, "--key", tokenCipher},
		"the token is not in compact form":              {"verify", "rubbish", "--key", tokenCipher},
		"replay must be 'off' or a duration":            {"verify", unfit, "--key", tokenSecret},
		"name a route with --config":                    {"verify", good},
		"--route needs --config":                        {"verify", good, "--route", "x"},
		"keys[0]: a secret for HS256":                   {"verify", good, "--key", "short"},
		"jwks: key set: open":                           {"verify", good, "--jwks", "file:none"},
		"no route has tokens":                           {"verify", good, "--config", writeFile(t, "a.yaml", "origin: http://a")},
		"name one of these routes with --route: events": {"verify", good, "--route", "x", "--config", writeFile(t, "b.yaml", tokenRouteFile("keys: ["+tokenSecret+"]"))},
	} {
		got := command(t.Context(), "", append([]string{"token"}, args...)...)
		if got.code == exitOK || got.stdout != "" || !strings.Contains(got.stderr, want) || strings.Contains(got.stderr, tokenSecret) {
			t.Errorf("%q: %+v, want %s", args, got, want)
		}
	}
	if got := command(t.Context(), good+"\n", "token", "verify", "-", "--key", tokenSecret); got.code != exitOK {
		t.Errorf("from standard input: %+v", got)
	}
}

// TestTheCheckFindsTokenKeysThatAreOfNoUse without quoting them.
func TestTheCheckFindsTokenKeysThatAreOfNoUse(t *testing.T) {
	for tokens, want := range map[string]string{
		"keys: [s3cret]": "routes[0].tokens.keys[0]: a secret for HS256",
		"keys: [" + tokenSecret + "]\nalgorithms: [x]": "routes[0].tokens.algorithms: \"x\" is not",
		"encryption_keys: [s3cret]":                    "routes[0].tokens.encryption_keys[0]: an encryption key",
		"jwks: 'file:" + writeFile(t, "e", "{}") + "'": "routes[0].tokens.jwks: key set is not",
	} {
		got := command(t.Context(), "", "config", "check", writeFile(t, "holdfast.yaml", tokenRouteFile(tokens)))
		if got.code != exitFailure || !strings.Contains(got.stderr, want) || strings.Contains(got.stderr, "s3cret") {
			t.Errorf("%s: %+v", tokens, got)
		}
	}
}

// TestATokenIsExplainedWithoutBeingShown: a report is passed on.
func TestATokenIsExplainedWithoutBeingShown(t *testing.T) {
	config := writeFile(t, "holdfast.yaml", tokenRouteFile("keys: ["+tokenSecret+"]"))
	good := newIssuer(t, tokenSecret).issue(claimsFor("news"))
	for _, format := range []string{"--json=false", "--json"} {
		for query, want := range map[string]string{"?token=" + good: "news", "?token=rubbish": "token_refused", "": "token_missing"} {
			got := command(t.Context(), "", "explain", "--config", config, "http://a/events"+query, "-H", "Accept: text/event-stream", format)
			if got.code != exitOK || !strings.Contains(got.stdout, want) || strings.Contains(got.stdout, good) || strings.Contains(got.stdout, "rubbish") {
				t.Errorf("%s %s: %+v", format, query, got)
			}
		}
	}
}
