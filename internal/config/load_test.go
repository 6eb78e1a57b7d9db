package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writeFile writes a file of settings and returns its path.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads settings that must be right.
func load(t *testing.T, s Sources) Config {
	t.Helper()
	cfg, warnings, err := Load(s)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	return cfg
}

func TestLaterSourcesBeatEarlierOnes(t *testing.T) {
	file := writeFile(t, "origin: http://file\nlisten: [':1', ':2']\ndrain: {window: 1s}\nlog: {level: warn}\n")
	environ := []string{"HOLDFAST_LISTEN=:3, :4", "HOLDFAST_DRAIN_WINDOW=2s", "HOME=/root"}
	flags := []Flag{{"listen", "--listen", []any{":5"}}}
	tests := []struct {
		name    string
		sources Sources
		listen  []string
		window  time.Duration
		level   LogLevel
	}{
		{"the file beats the defaults", Sources{File: file}, []string{":1", ":2"}, time.Second, LogWarn},
		{"the environment beats the file", Sources{File: file, Environ: environ}, []string{":3", ":4"}, 2 * time.Second, LogWarn},
		{"flags beat the environment", Sources{File: file, Environ: environ, Flags: flags}, []string{":5"}, 2 * time.Second, LogWarn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, tt.sources)
			if diff := cmp.Diff(tt.listen, cfg.Listen); diff != "" {
				t.Error(diff)
			}
			if cfg.Drain.Window != tt.window || cfg.Log.Level != tt.level {
				t.Errorf("window %v, level %v", cfg.Drain.Window, cfg.Log.Level)
			}
		})
	}
}

func TestElementsOfListsHaveDefaults(t *testing.T) {
	cfg := load(t, Sources{File: writeFile(t, `
channels:
  replay: {messages: 7}
  overrides:
    - prefix: news-
      replay: {age: 0}
routes:
  - origins: [http://a]
    keep_alive: {interval: 30s}
    request_headers: {set: ["X-One: a, b"], remove: [Cookie]}
`)})
	route := DefaultRoute()
	route.Origins = []string{"http://a"}
	route.KeepAlive.Interval = 30 * time.Second
	route.RequestHeaders = HeaderEdits{Set: []string{"X-One: a, b"}, Remove: []string{"Cookie"}}
	override := Override{Prefix: "news-", Replay: Replay{Messages: 7, Bytes: MiB}, SendWindow: SendWindow{1000, MiB}}
	if diff := cmp.Diff([]Route{route}, cfg.Routes, same()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Override{override}, cfg.Channels.Overrides); diff != "" {
		t.Error(diff)
	}
}

func TestValuesInTheEnvironment(t *testing.T) {
	cfg := load(t, Sources{Environ: []string{
		`HOLDFAST_ROUTES=[{"host": "a", "origins": ["http://a:1"], "resume": "off"}]`,
		"HOLDFAST_TRUSTED_PROXIES=10.1.2.3/8,::1",
		"HOLDFAST_GRIP_SIG_KEY=0123=4",
		"HOLDFAST_CONTROL_PPROF=true",
		"HOLDFAST_MAX_STREAMS=5000",
		"HOLDFAST_CHANNELS_MEMORY_LIMIT=1GiB",
		"HOLDFAST_RESUME_QUERY_PARAMETERS=",
		"HOLDFAST_DRAIN_DELAY=",
		"HOLDFAST_PORT=tcp://10.0.0.1:7999", // Kubernetes
		"HOLDFAST_TOKEN=of the publish command",
	}})
	want := Default()
	route := DefaultRoute()
	route.Host, route.Origins, route.Resume = "a", []string{"http://a:1"}, ResumeOff
	want.Routes = []Route{route}
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	want.GRIP.SigKey = "0123=4"
	want.Control.Pprof = true
	want.MaxStreams = 5000
	want.Channels.MemoryLimit = GiB
	want.Resume.QueryParameters = nil
	if diff := cmp.Diff(want, cfg, same()); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownVariablesAreWarnings(t *testing.T) {
	_, warnings, err := Load(Sources{Environ: []string{
		"HOLDFAST_ORIGIN=http://a", "HOLDFAST_GRIP_SIGKEY=x", "HOLDFAST_WHATEVER=1", "HOLDFAST_SERVICE_HOST=10.0.0.1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"HOLDFAST_GRIP_SIGKEY names no key and is ignored; did you mean HOLDFAST_GRIP_SIG_KEY?",
		"HOLDFAST_WHATEVER names no key and is ignored",
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Error(diff)
	}
}

func TestServersOfNATSAreAListOrOneText(t *testing.T) {
	want := URLs{"nats://a:4222", "tls://b"}
	tests := []struct {
		name    string
		sources Sources
	}{
		{"a list", Sources{File: writeFile(t, "origin: http://a\nnats: {url: ['nats://a:4222', 'tls://b']}\n")}},
		{"one text", Sources{File: writeFile(t, "origin: http://a\nnats: {url: 'nats://a:4222, tls://b'}\n")}},
		{"a variable", Sources{Environ: []string{"HOLDFAST_ORIGIN=http://a", "HOLDFAST_NATS_URL=nats://a:4222,tls://b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(want, load(t, tt.sources).NATS.URL); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestYAMLIsTakenAsPeopleWriteIt(t *testing.T) {
	tests := []struct {
		name, text string
	}{
		{"an empty file", ""},
		{"only comments", "# nothing\n"},
		{"a key without a value keeps its default", "listen:\ntls:\nroutes:\ndrain: {window: }\n"},
		{"an empty section keeps its defaults", "channels: {}\n"},
		{"zero needs no unit", "drain: {delay: 0}\n"},
		{"bare numbers are bytes", "control: {max_body: 4194304}\n"},
		{"anchors and merges", "channels:\n  replay: &kept {messages: 1000, bytes: 1MiB}\n  send_window: {<<: *kept}\n"},
	}
	want := Default()
	want.Origin = "http://a"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, Sources{File: writeFile(t, tt.text), Environ: []string{"HOLDFAST_ORIGIN=http://a"}})
			if diff := cmp.Diff(want, cfg, same()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"bad YAML", "listen: [\n", "yaml: line"},
		{"a list", "- a\n", "it holds a list and no keys"},
		{"a single value", "hello\n", "it holds a single value and no keys"},
		{"two documents", "log: {}\n---\nlog: {}\n", ": there is more than one document in it; keep one"},
		{"two documents, indented", "  log: {}\n---\nlog: {}\n", ": there is more than one document in it; keep one"},
		{"a key twice", "log: {}\nlog: {}\n", `: line 2: mapping key "log" already defined at line 1; keep one of the two, as an uncommented list in place of its []`},
		{"two keys twice", "log: {}\nlog: {}\ntls: {}\ntls: {}\n", `line 2: mapping key "log" already defined at line 1, line 4: mapping key "tls" already defined at line 3; keep one`},
		{"an indented section at the start", "# pasted\n  nats:\n    url: x\n\n # of all\nlisten: []\n", ": line 6: is indented less than line 2, where the settings begin; begin the keys of the file at the start of their lines"},
		{"an indented section after another", "listen: []\n  nats:\n    url: x\n", "line 1: did not find expected key; look from there on for a line that is not indented like its neighbours"},
		{"an indented section after a list", "listen:\n  - a\n  nats: {}\n", "did not find expected '-' indicator; look from there on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, tt.text)
			_, _, err := Load(Sources{File: path})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("got %v, want %q about the file", err, tt.want)
			}
		})
	}
	if _, _, err := Load(Sources{File: "absent.yaml"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}
