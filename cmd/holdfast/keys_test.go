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
