package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigExampleIsTheFile(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("..", "..", "config.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := command(t.Context(), "", "config", "example")
	if got.code != exitOK || got.stdout != string(want) {
		t.Errorf("exit code %d, %d bytes, want the %d of the file", got.code, len(got.stdout), len(want))
	}
}

func TestConfigCheckSumsUp(t *testing.T) {
	file := writeConfig(t, `
control: {tokens: [secret]}
routes:
  - {name: legacy, host: api.example.com, path_prefix: /old/, origins: ["http://a", "http://b"]}
  - {origins: ["http://c"]}
  - {protocol: websocket, tls: only, origins: ["http://d"]}
`)
	t.Setenv("HOLDFAST_LISTEN", ":80,:81")
	t.Setenv("HOLDFAST_LISTEM", ":80")
	got := command(t.Context(), "", "config", "check", file)
	want := `The configuration is fine.
  clients:    :80, :81
  publishers: 127.0.0.1:5561, with a token
  route:      api.example.com/old (legacy) to http://a, http://b
  route:      any host, / to http://c
  route:      any host, / websocket tls=only to http://d
`
	if got.code != exitOK || got.stdout != want {
		t.Errorf("exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
	if want := "warning: HOLDFAST_LISTEM names no key and is ignored; did you mean HOLDFAST_LISTEN?\n"; got.stderr != want {
		t.Errorf("got %q, want %q", got.stderr, want)
	}
}

func TestConfigCheckReadsCertificates(t *testing.T) {
	server := httptest.NewTLSServer(nil) // has a certificate
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := writeConfig(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	private := writeConfig(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	t.Setenv("HOLDFAST_ORIGIN", "http://a")
	t.Setenv("HOLDFAST_TLS_LISTEN", ":443")

	t.Setenv("HOLDFAST_TLS_CERTIFICATES", fmt.Sprintf(`[{"cert": %q, "key": %q}]`, cert, private))
	got := command(t.Context(), "", "config", "check")
	if got.code != exitOK || !strings.Contains(got.stdout, "clients:    :7999, :443 (TLS)\n") {
		t.Errorf("%+v", got)
	}
	t.Setenv("HOLDFAST_TLS_CERTIFICATES", fmt.Sprintf(`[{"cert": %q, "key": %q}]`, cert, cert))
	got = command(t.Context(), "", "config", "check")
	if got.code != exitFailure || !strings.Contains(got.stderr, "HOLDFAST_TLS_CERTIFICATES: tls.certificates[0]: ") {
		t.Errorf("%+v", got)
	}
}

func TestARefusalNamesMisspeltVariables(t *testing.T) {
	t.Setenv("HOLDFAST_ORGIN", "http://a")
	got := command(t.Context(), "", "config", "check")
	if got.code != exitFailure || !strings.Contains(got.stderr, "did you mean HOLDFAST_ORIGIN?") {
		t.Errorf("%+v", got)
	}
}

// TestRefusedConfigurations holds the example in docs/configuration.md.
func TestRefusedConfigurations(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	const file = "holdfast.yaml"
	t.Chdir(t.TempDir())
	if err := os.WriteFile(file, []byte(`routes:
  - origins: ["http://a"]
    resume: sometimes



chanels: {}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOLDFAST_DRAIN_WINDOW", "5")
	for _, args := range [][]string{{"config", "check", file}, {"serve", "--config", file}} {
		got := command(t.Context(), "", args...)
		if got.code != exitFailure || got.stdout != "" || !strings.Contains(string(manual), "```\n"+got.stderr+"```\n") {
			t.Errorf("%v: exit code %d, and the manual does not show\n%s", args, got.code, got.stderr)
		}
	}
}

func TestConfigCheckSaysWhoMayPublish(t *testing.T) {
	for want, control := range map[string]config.Control{
		"without a token":                       {},
		"with a token":                          {Tokens: []string{"secret"}},
		"with a client certificate":             {TLS: config.ControlTLS{ClientCA: "ca.pem"}},
		"with a token and a client certificate": {TLS: config.ControlTLS{ClientCA: "ca.pem"}, Keys: []string{"key"}},
	} {
		var out strings.Builder
		summarize(&out, config.Config{Control: control})
		if !strings.Contains(out.String(), ", "+want+"\n") {
			t.Errorf("%s: %s", want, out.String())
		}
	}
}
