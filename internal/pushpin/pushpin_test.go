package pushpin_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/pushpin"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestSettingsAreRead(t *testing.T) {
	got := pushpin.ParseSettings("c", "[A]\n# x=1\n; y=1\n  Key = a = b \r\n\n[ b ]\nquoted=\" v \"\nbad\n=1\n[open\nlast=")
	want := []pushpin.Setting{{4, "a", "key", "a = b"}, {7, "b", "quoted", " v "}, {11, "b", "last", ""}}
	if diff := cmp.Diff(want, got.All); diff != "" {
		t.Error(diff)
	}
	const problem = "is neither a section nor KEY=VALUE"
	if diff := cmp.Diff([]pushpin.Note{{"c", 8, problem}, {"c", 9, problem}, {"c", 10, problem}}, got.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestRoutesAreRead(t *testing.T) {
	type options = []pushpin.Option
	tests := []struct {
		name, line string
		want       []pushpin.Word
	}{
		{"nothing", "", nil},
		{"a comment", "  # * a:1", nil},
		{"a condition and a target", "* a:1", []pushpin.Word{{"*", options{}}, {"a:1", options{}}}},
		{"blanks", "  *   a:1  ", []pushpin.Word{{"*", options{}}, {"a:1", options{}}}},
		{"options", "h,x,y=1 a:1,ssl", []pushpin.Word{{"h", options{{"x", ""}, {"y", "1"}}}, {"a:1", options{{"ssl", ""}}}}},
		{"only the first equals sign splits", "h,x=a=b a:1", []pushpin.Word{{"h", options{{"x", "a=b"}}}, {"a:1", options{}}}},
		{"quotes anywhere", `"h",x="a, b" a":1"`, []pushpin.Word{{"h", options{{"x", "a, b"}}}, {"a:1", options{}}}},
		{"a quoted option with its name", `h,"x=a b" a:1`, []pushpin.Word{{"h", options{{"x=a b", ""}}}, {"a:1", options{}}}},
		{"escapes in quotes", `h,x="\"\\" a:1`, []pushpin.Word{{"h", options{{"x", `"\`}}}, {"a:1", options{}}}},
		{"backslashes outside are themselves", `h,x=\n a:1`, []pushpin.Word{{"h", options{{"x", `\n`}}}, {"a:1", options{}}}},
		{"a comment ends a word", "h a:1#,ssl", []pushpin.Word{{"h", options{}}, {"a:1", options{}}}},
		{"a hash in quotes is one", `h,x="#" a:1`, []pushpin.Word{{"h", options{{"x", "#"}}}, {"a:1", options{}}}},
		{"tabs are no separators", "h\ta:1 b:1", []pushpin.Word{{"h\ta:1", options{}}, {"b:1", options{}}}},
		{"an empty condition", ",id=x a:1", []pushpin.Word{{"", options{{"id", "x"}}}, {"a:1", options{}}}},
		{"several targets", "h a:1 b:1", []pushpin.Word{{"h", options{}}, {"a:1", options{}}, {"b:1", options{}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := pushpin.ParseRoutes("r", tt.line)
			var words []pushpin.Word
			for _, r := range got.All {
				words = append(append(words, r.Condition), r.Targets...)
			}
			if diff := cmp.Diff(tt.want, words); diff != "" || len(got.Notes) > 0 {
				t.Errorf("%s, notes %v", diff, got.Notes)
			}
		})
	}
}

func TestLinesThatAreNoRoutesAreNoted(t *testing.T) {
	got := pushpin.ParseRoutes("r", "* a:1\nh\n* \"a:1\n* \"\\n\" a:1\n* b:1")
	want := []pushpin.Note{
		{"r", 2, "is no route: there is no target"},
		{"r", 3, "is no route: a quote does not end"},
		{"r", 4, `is no route: in quotes only \\ and \" are escapes`},
	}
	if diff := cmp.Diff(want, got.Notes); diff != "" || len(got.All) != 2 {
		t.Errorf("%s, %d routes", diff, len(got.All))
	}
}

func TestWhereTheRoutesAre(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "routes",
		"[proxy]\nroutesfile=/etc/r":          "/etc/r",
		"[proxy]\nroutesfile=":                "routes",
		"[handler]\nroutesfile=x":             "routes",
		"[proxy]\nroutesfile=a\nroutesfile=b": "b",
	} {
		if got := pushpin.ParseSettings("c", text).RoutesFile(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestTranslations compares testdata/*.yaml and *.notes with what is made of
// the .conf and .routes beside them.
func TestTranslations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, conf := range files {
		base := strings.TrimSuffix(conf, ".conf")
		t.Run(filepath.Base(base), func(t *testing.T) {
			got, err := pushpin.Translate(
				pushpin.ParseSettings("pushpin.conf", read(t, conf)),
				pushpin.ParseRoutes("routes", read(t, base+".routes")))
			if err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			for _, n := range got.Notes {
				notes.WriteString(n.String() + "\n")
			}
			golden(t, base+".yaml", string(got.YAML))
			golden(t, base+".notes", notes.String())
			for _, n := range got.Notes {
				if !strings.Contains(string(got.YAML), "# "+n.String()+"\n") {
					t.Errorf("the YAML does not say: %s", n)
				}
			}
		})
	}
}

// TestSettingsOneByOne looks at what the files in testdata cannot show beside
// each other.
func TestSettingsOneByOne(t *testing.T) {
	tests := []struct {
		name, conf string
		yaml, note string // what must be there; empty: nothing but the route
	}{
		{"defaults are not written", "[runner]\nhttp_port=7999\nlog_level=2\nclient_maxconn=50000", "", ""},
		{"an empty number is none", "[global]\nport_offset=\n", "", ""},
		{"a port with an address", "[runner]\nhttp_port=127.0.0.1:80", "listen: ['127.0.0.1:80']", ""},
		{"a port on every address", "[runner]\nhttp_port=*:80", "listen: [':80']", ""},
		{"a port that is none", "[runner]\nhttp_port=web", "", `c:2: runner.http_port is "web", which is no port`},
		{"a number that is none", "[handler]\nmessage_wait=long", "", `handler.message_wait is "long", which is no number`},
		{"a negative number", "[handler]\nid_cache_ttl=-1", "", `handler.id_cache_ttl is "-1", which is no number`},
		{"no memory for ids", "[handler]\nid_cache_ttl=0", "window: 0s", ""},
		{"a level of one part", "[runner]\nlog_level=1", "level: warn", ""},
		{"a level that is none", "[runner]\nlog_level=9", "", `c:2: runner.log_level is "9", which is no level`},
		{"an empty level is the default", "[runner]\nlog_level=", "", ""},
		{"control on localhost", "[handler]\npush_in_http_addr=::1", "listen: ['[::1]:5561']", ""},
		{"control for others", "[handler]\npush_in_http_addr=10.0.0.1", "", "c:2: handler.push_in_http_addr is one that others can reach"},
		{"a control port that is too high", "[handler]\npush_in_http_port=65535\n[global]\nport_offset=1", "", "c:2: handler.push_in_http_port would be 65536"},
		{"ZeroMQ, with the offset of ports", "[handler]\npush_in_spec=tcp://127.0.0.1:5560\npush_in_sub_specs=tcp://[::1]:5562, tcp://localhost:5563\n[global]\nport_offset=10",
			"zmq:\n  pull: ['tcp://127.0.0.1:5570']\n  sub: ['tcp://[::1]:5572', 'tcp://localhost:5573']\n", ""},
		{"ZeroMQ for others", "[handler]\npush_in_spec=tcp://*:5560", "", `c:2: handler.push_in_spec "tcp://*:5560" is one that others can reach: set zmq.pull or zmq.sub, and zmq.remote`},
		{"ZeroMQ in the file system", "[handler]\npush_in_spec=ipc://{rundir}/in", "", `handler.push_in_spec "ipc://{rundir}/in" is not carried over`},
		{"ZeroMQ at an endpoint that is none", "[handler]\npush_in_sub_spec=tcp://127.0.0.1", "", `handler.push_in_sub_spec "tcp://127.0.0.1" is no endpoint`},
		{"ZeroMQ that connects", "[handler]\npush_in_sub_connect=true\npush_in_sub_spec=tcp://127.0.0.1:1", "", "Holdfast connects to no publisher"},
		{"a key of a proxy in front", "[proxy]\nupstream_key=base64:AAE=", "upstream_keys: ['base64:AAE=']", ""},
		{"no proxy in front", "[proxy]\nupstream_key=", "", ""},
		{"a key of a proxy in front in a file", "[proxy]\nupstream_key=file:key", "", "set grip.upstream_keys to file: and the whole path"},
		{"a key of a proxy in front that is none", "[proxy]\nupstream_key=base64:?", "", "proxy.upstream_key is not a key"},
		{"an empty key", "[proxy]\nsig_key=", "", "proxy.sig_key is empty: requests are not signed"},
		{"a key in a file", "[proxy]\nsig_key=file:key", "", "set sig_key to file: and the whole path"},
		{"a key that is not base64", "[proxy]\nsig_key=base64:?", "", "proxy.sig_key is not a key"},
		{"an empty issuer", "[proxy]\nsig_key=k\nsig_iss=", "sig_key: k", "proxy.sig_iss is empty"},
		{"the forwarding that is Holdfast's", "[proxy]\nx_forwarded_for=truncate:0,append", "", ""},
		{"a setting in no section", "debug=true", "", "c:1: .debug is not known"},
		{"what is said last counts", "[proxy]\nsig_key=a\nsig_key=b", "sig_key: b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pushpin.Translate(pushpin.ParseSettings("c", tt.conf), pushpin.ParseRoutes("r", "* a:1"))
			if err != nil {
				t.Fatal(err)
			}
			const alone = "# Translated from Pushpin's configuration.\n\nroutes:\n  - origins: ['http://a:1']\n"
			if tt.yaml+tt.note == "" && string(got.YAML) != alone {
				t.Errorf("got %s", got.YAML)
			}
			if !strings.Contains(string(got.YAML), tt.yaml) {
				t.Errorf("%q is not in\n%s", tt.yaml, got.YAML)
			}
			if (tt.note == "") != (len(got.Notes) == 0) || tt.note != "" && !strings.Contains(got.Notes[0].String(), tt.note) {
				t.Errorf("notes %v", got.Notes)
			}
		})
	}
}

func TestARoutesOwnChannelsHaveRoom(t *testing.T) {
	conf := pushpin.ParseSettings("c", "")
	line := "* a:1"
	for i := range 101 {
		line += fmt.Sprintf(",sub=c%d", i)
	}
	got, err := pushpin.Translate(conf, pushpin.ParseRoutes("r", line))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got.YAML), "max_channels_per_stream: 101\n") {
		t.Errorf("translated to\n%s", got.YAML)
	}
}

func TestATargetThatIsThereTwiceIsOneOrigin(t *testing.T) {
	got, err := pushpin.Translate(pushpin.ParseSettings("c", ""), pushpin.ParseRoutes("r", "* a:1 b:1 A:1,sub=x"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "    origins: ['http://a:1', 'http://b:1']\n    subscribe: [x]\n"
	if text := strings.ReplaceAll(string(got.YAML), "- origins", "  origins"); !strings.HasSuffix(text, want) || len(got.Notes) != 1 ||
		got.Notes[0].Text != "the target A:1 is there twice: origins are named once" {
		t.Errorf("notes %v of\n%s", got.Notes, got.YAML)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, path), got); diff != "" {
		t.Errorf("%s differs; look at it and run go test -update\n%s", path, diff)
	}
}

// FuzzTranslate checks that whatever is written in the files becomes YAML, in
// which every note stands on a line of its own.
func FuzzTranslate(f *testing.F) {
	for _, name := range []string{"sample", "full"} {
		conf, err := os.ReadFile("testdata/" + name + ".conf")
		if err != nil {
			f.Fatal(err)
		}
		routes, err := os.ReadFile("testdata/" + name + ".routes")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(conf), string(routes))
	}
	f.Add("[proxy]\nsig_key=\x00", "\xff,header=\xff:\xff a:1")
	f.Fuzz(func(t *testing.T, conf, routes string) {
		got, err := pushpin.Translate(pushpin.ParseSettings("c\nd", conf), pushpin.ParseRoutes("r", routes))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Routes []map[string]any }
		if err := yaml.Unmarshal(got.YAML, &doc); err != nil {
			t.Fatalf("%v:\n%s", err, got.YAML)
		}
		if len(doc.Routes) != got.Routes {
			t.Errorf("%d routes of %d are there:\n%s", len(doc.Routes), got.Routes, got.YAML)
		}
		lines := 0
		for line := range strings.Lines(string(got.YAML)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "# c?d:") || strings.HasPrefix(line, "# r:") {
				lines++
			}
		}
		if lines != len(got.Notes) {
			t.Errorf("%d lines for %d notes:\n%s", lines, len(got.Notes), got.YAML)
		}
	})
}
