package main

import (
	"strings"
	"testing"
)

func TestTheCheckFindsAKeyThatIsOfNoUse(t *testing.T) {
	public := writeConfig(t, `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESHqI49+luyWkpEGC1H4JvyXsJG6D
WZj/d0RvqqiYk8qlxqNrB8c/OravIcOUpNfFzQx0iRdT9bUC0a8AvqYfpA==
-----END PUBLIC KEY-----
`)
	t.Setenv("HOLDFAST_ORIGIN", "http://a")
	t.Setenv("HOLDFAST_GRIP_UPSTREAM_KEYS", "secret,file:"+public)
	if got := command(t.Context(), "", "config", "check"); got.code != exitOK {
		t.Errorf("a public key to verify with: %+v", got)
	}
	for variable, want := range map[string]string{
		"HOLDFAST_GRIP_SIG_KEY":       "grip.sig_key: a public key cannot sign",
		"HOLDFAST_GRIP_UPSTREAM_KEYS": "grip.upstream_keys[1]: key in PEM",
		"HOLDFAST_CONTROL_KEYS":       "control.keys[1]: key in PEM",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "secret,-----BEGIN CERTIFICATE-----")
			if variable == "HOLDFAST_GRIP_SIG_KEY" {
				t.Setenv(variable, "file:"+public)
			}
			got := command(t.Context(), "", "config", "check")
			if got.code != exitFailure || !strings.Contains(got.stderr, want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAKeyThatCouldBeGuessedDoesNotGuardWhatOthersCanReach(t *testing.T) {
	t.Setenv("HOLDFAST_ORIGIN", "http://a")
	long := strings.Repeat("k", 32)
	short := writeConfig(t, long[1:]+"\n")
	const refusal = ": the secret has fewer than 32 bytes, and others can reach control.listen; write what 'openssl rand -hex 32' prints, or listen on 127.0.0.1 only"
	for _, tt := range []struct{ listen, keys, want string }{
		{"0.0.0.0:5561", long, ""},
		{"0.0.0.0:5561", "x", "control.keys[0]" + refusal},
		{"0.0.0.0:5561", long + "," + long[1:], "control.keys[1]" + refusal},
		{"0.0.0.0:5561", "file:" + short, "control.keys[0]" + refusal},
		{"0.0.0.0:5561", "base64:a2tr", "control.keys[0]" + refusal},
		{"127.0.0.1:5561,:5562", "x", "control.keys[0]" + refusal},
		{"127.0.0.1:5561,[::1]:5561,localhost:5562", "x", ""},
	} {
		t.Setenv("HOLDFAST_CONTROL_LISTEN", tt.listen)
		t.Setenv("HOLDFAST_CONTROL_KEYS", tt.keys)
		got := command(t.Context(), "", "config", "check")
		if (got.code == exitOK) != (tt.want == "") || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%s on %s: %+v", tt.keys, tt.listen, got)
		}
	}
}

// An origin that knows Holdfast by a short key goes on doing so.
func TestKeysOfGripMayBeShort(t *testing.T) {
	t.Setenv("HOLDFAST_ORIGIN", "http://a")
	t.Setenv("HOLDFAST_CONTROL_LISTEN", "0.0.0.0:5561")
	t.Setenv("HOLDFAST_CONTROL_TOKENS", "token")
	t.Setenv("HOLDFAST_GRIP_SIG_KEY", "changeme")
	t.Setenv("HOLDFAST_GRIP_UPSTREAM_KEYS", "x")
	if got := command(t.Context(), "", "config", "check"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
}
