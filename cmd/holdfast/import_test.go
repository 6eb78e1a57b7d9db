package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/pushpin"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// pushpinFiles are the examples of internal/pushpin.
const pushpinFiles = "../../internal/pushpin/testdata/"

func TestWhatIsImportedIsAValidConfiguration(t *testing.T) {
	for _, name := range []string{"sample", "full"} {
		t.Run(name, func(t *testing.T) {
			got := command(t.Context(), "", "import", pushpinFiles+name+".conf", pushpinFiles+name+".routes")
			if got.code != exitOK {
				t.Fatalf("%+v", got)
			}
			checked := command(t.Context(), "", "config", "check", writeConfig(t, got.stdout))
			if checked.code != exitOK {
				t.Errorf("%s%s", checked.stderr, got.stdout)
			}
			for line := range strings.Lines(got.stderr) {
				if !strings.Contains(got.stdout, "# "+line) {
					t.Errorf("the file does not say: %s", line)
				}
			}
		})
	}
}

// FuzzWhatIsImportedCanBeServed checks that whatever Pushpin's files say, what is
// made of them is a configuration that Holdfast takes.
func FuzzWhatIsImportedCanBeServed(f *testing.F) {
	f.Add("[proxy]\nsig_key=k\nsig_iss=i", "a,sig_iss=b,header=Host:c b:1,ssl b:1 B:1\n*,path_beg=/x/,path_rem=2 b:2")
	f.Add("[handler]\nmessage_wait=1\n[runner]\nclient_buffer_size=1", "a.,id=x b:1,sub=c\nA,id=x b:1\na,ssl=no b:1")
	path := filepath.Join(f.TempDir(), "holdfast.yaml")
	f.Fuzz(func(t *testing.T, conf, routes string) {
		translated, err := pushpin.Translate(pushpin.ParseSettings("c", conf), pushpin.ParseRoutes("r", routes))
		if err != nil {
			t.Fatal(err)
		}
		if translated.Routes == 0 {
			return
		}
		if err := os.WriteFile(path, translated.YAML, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, _, err := load(config.Sources{File: path})
		if err != nil {
			t.Fatalf("%v\n%s", err, translated.YAML)
		}
		options, err := proxyOptions(cfg)
		if err != nil {
			t.Fatalf("%v\n%s", err, translated.YAML)
		}
		options.Log = zap.NewNop()
		if _, err := proxy.New(options); err != nil {
			t.Fatalf("%v\n%s", err, translated.YAML)
		}
	})
}

// TestAnImportedConfigurationServes is the move from Pushpin in one: its
// file, translated, in front of an origin. T03, T05, T07, T08, T09.
func TestAnImportedConfigurationServes(t *testing.T) {
	up, down := strings.TrimPrefix(startOrigin(t, named("up")), "http://"), strings.TrimPrefix(unusedURL, "http://")
	got := importText(t, "[proxy]\nsig_key=a key of at least thirty-two bytes", `
*,header=X-K:abc,header=Cookie: `+up+`
*,path_beg=/v1/,replace_beg=/ `+down+` `+up+`
*,path_beg=/down,debug `+down+`
a.example,path_beg=/x,as_host=b.example:81 `+up+`
`)
	s := startServer(t, got.stdout)
	tests := []struct{ name, host, path, want string }{
		{"T03 a header is set", "c.example", "/", `"X-K":["abc"]`},
		{"T02 requests are signed", "c.example", "/", `"Grip-Sig":["ey`},
		{"T05 debug names the origin", "c.example", "/down", down},
		{"T07 a host whose routes do not match falls back to all hosts, which differs", "a.example", "/y", `"Host":"a.example","Target":"/y"`},
		{"a host is replaced", "a.example", "/x/1", `"Host":"b.example:81","Target":"/x/1"`},
		{"T08 and T09 the second target, with another path", "c.example", "/v1/q?x", `"Target":"/q?x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, body := get(t, newClient(t), s, tt.host, tt.path, "Cookie", "a=1")
			if !strings.Contains(body, tt.want) {
				t.Errorf("%s does not contain %s", body, tt.want)
			}
			if tt.host == "c.example" && strings.Contains(body, "Cookie") && tt.path == "/" {
				t.Errorf("the cookie passed: %s", body)
			}
		})
	}
}

func importText(t *testing.T, conf, routes string) result {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"pushpin.conf": conf, "routes": routes} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return command(t.Context(), "", "import", filepath.Join(dir, "pushpin.conf"))
}

func TestAnImportWithoutRoutesFailsButPrints(t *testing.T) {
	got := importText(t, "[runner]\nhttp_port=80", "* test\n")
	if got.code != exitFailure || !strings.Contains(got.stdout, "listen: [':80']") ||
		!strings.Contains(got.stderr, "routes:1: the target test has no equivalent") || !strings.Contains(got.stderr, "no route could be translated") {
		t.Errorf("%+v", got)
	}
}

func TestImportsThatCannotBeRead(t *testing.T) {
	got := command(t.Context(), "", "import", "absent.conf")
	if got.code != exitFailure || !strings.Contains(got.stderr, "absent.conf") {
		t.Errorf("%+v", got)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "pushpin.conf")
	if err := os.WriteFile(conf, []byte("[proxy]\nroutesfile=elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got = command(t.Context(), "", "import", conf)
	if got.code != exitFailure || !strings.Contains(got.stderr, filepath.Join(dir, "elsewhere")) {
		t.Errorf("%+v", got)
	}
}
