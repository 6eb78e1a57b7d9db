package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKeysOfNoUseAreReportedWithAllElse: every one, with its place and the remedy.
func TestKeysOfNoUseAreReportedWithAllElse(t *testing.T) {
	pem := writeFile(t, "key.pem", "-----BEGIN CERTIFICATE-----\n")
	public := writeFile(t, "public.pem", `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESHqI49+luyWkpEGC1H4JvyXsJG6D
WZj/d0RvqqiYk8qlxqNrB8c/OravIcOUpNfFzQx0iRdT9bUC0a8AvqYfpA==
-----END PUBLIC KEY-----
`)
	set := writeFile(t, "set.json", `{"keys": []}`)
	file := writeConfig(t, fmt.Sprintf(`chanels: {}
grip:
  sig_key: file:%[2]s
  upstream_keys:
    - a secret
    - file:%[1]s
    - file:%[1]s
    - file:absent
control:
  keys: [file:%[1]s]
routes:
  - origins: [http://a]
    sig_key: file:%[2]s
  - path_prefix: /f
    tokens:
      algorithms: [none]
      keys:
        - short
        - file:%[1]s
      encryption_keys: [short]
      jwks: file:%[3]s
`, pem, public, set))
	want := strings.ReplaceAll(`holdfast: the configuration is refused:
  FILE:1: chanels: unknown key; did you mean channels?
  FILE:3: grip.sig_key: a public key cannot sign; write a secret, or name a PEM file with a private key of RSA (2048 bits or more) or of the curve P-256
  FILE:6: grip.upstream_keys[1]: key in PEM is not readable; write a secret, or name a PEM file with a key of RSA (2048 bits or more) or of the curve P-256
  FILE:7: grip.upstream_keys[2]: key in PEM is not readable; write a secret, or name a PEM file with a key of RSA (2048 bits or more) or of the curve P-256
  FILE:8: grip.upstream_keys[3]: open absent: no such file or directory; name a readable file
  FILE:10: control.keys[0]: key in PEM is not readable; write a secret, or name a PEM file with a key of RSA (2048 bits or more) or of the curve P-256
  FILE:13: routes[0].sig_key: a public key cannot sign; write a secret, or name a PEM file with a private key of RSA (2048 bits or more) or of the curve P-256
  FILE:16: routes[1].tokens.algorithms: "none" is not an algorithm to choose; write HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384 or PS512
  FILE:18: routes[1].tokens.keys[0]: a secret for HS256 has at least 32 bytes; write base64: and what 'openssl rand -base64 32' prints
  FILE:19: routes[1].tokens.keys[1]: key in PEM is not readable; write a secret, or name a PEM file with a key of RSA (2048 bits or more), of P-256, P-384 or P-521, or of Ed25519
  FILE:20: routes[1].tokens.encryption_keys[0]: an encryption key is 32 bytes (A256GCM); write base64: and what 'openssl rand -base64 32' prints
  FILE:21: routes[1].tokens.jwks: key set has no key that verifies signatures; name a JWKS with public keys of RSA, of P-256, P-384 or P-521, or of Ed25519
`, "FILE", file)
	got := command(t.Context(), "", "config", "check", file)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.stderr, "\n")); got.code != exitFailure || diff != "" {
		t.Errorf("exit code %d\n%s", got.code, diff)
	}
}
