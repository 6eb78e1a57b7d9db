package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
	"github.com/holdfast-proxy/holdfast/control/zmq"
	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/barred"
	"github.com/holdfast-proxy/holdfast/internal/certs"
	"github.com/holdfast-proxy/holdfast/internal/certs/acme"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/reload"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// described collects the names of what is registered.
type described struct{ names []string }

var metricName = regexp.MustCompile(`fqName: "([^"]+)"`)

func (d *described) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	for desc := range descs {
		d.names = append(d.names, metricName.FindStringSubmatch(desc.String())[1])
	}
	return nil
}

func (d *described) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		d.Register(c)
	}
}

func (d *described) Unregister(prometheus.Collector) bool { return false }

func TestEveryMetricIsDocumentedAndEveryDocumentedMetricExists(t *testing.T) {
	var d described
	hold.NewMetrics(&d)
	proxy.NewMetrics(&d)
	arrival.NewMetrics(&d)
	certs.NewMetrics(&d)
	acme.NewMetrics(&d)
	websocket.NewMetrics(&d)
	control.NewMetrics(&d)
	intake.NewMetrics(&d)
	nats.NewMetrics(&d)
	stream.NewMetrics(&d)
	nodes.NewMetrics(&d)
	zmq.NewMetrics(&d)
	reload.NewMetrics(&d)
	newKeeperMetrics(&d, barred.NewList())
	d.MustRegister(control.NewCollector(channels.NewHub(channels.DefaultOptions()).Stats))

	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(holdfast_[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, m[1])
	}
	for _, name := range d.names {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is not in docs/operations.md", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(d.names, name) {
			t.Errorf("docs/operations.md names %s, which does not exist", name)
		}
	}
}

// TestEveryFlagOfServeIsDocumented with its key.
func TestEveryFlagOfServeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	addSettings(flags, config.Default())
	flags.VisitAll(func(f *pflag.Flag) {
		if err := flags.Set(f.Name, "1"); err != nil {
			t.Fatal(err)
		}
	})
	set := settings(flags)
	for _, flag := range set {
		if !regexp.MustCompile("(?m)^\\|.*`" + flag.Name + " .*\\| `" + flag.Key + "`").Match(page) {
			t.Errorf("docs/configuration.md does not say that %s is %s", flag.Name, flag.Key)
		}
	}
	if len(set) < 8 {
		t.Errorf("there are only %v", set)
	}
}

// TestTheVersionOfGoIsTheSameEverywhere: images of golang do not look at go.mod's.
func TestTheVersionOfGoIsTheSameEverywhere(t *testing.T) {
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := string(regexp.MustCompile(`(?m)^toolchain go(.*)$`).FindSubmatch(module)[1])
	for path, line := range map[string]string{
		"README.md":                   "needs Go " + version + ",",
		"docs/operations.md":          "FROM golang:" + version + " AS build",
		"examples/cluster/Dockerfile": "FROM golang:" + version + " AS build",
	} {
		if text, err := os.ReadFile("../../" + path); err != nil || !strings.Contains(string(text), line) {
			t.Errorf("%s does not say %q, %v", path, line, err)
		}
	}
	if page, _ := os.ReadFile("../../docs/operations.md"); !strings.Contains(string(page), "Build with Go "+version+" ") {
		t.Error("docs/operations.md does not say with what to build")
	}
}

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("../../examples/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(append(pages, examples...), "../../README.md", "../../examples/README.md")
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

func TestTheProofsThatTheArchitectureNamesExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir("../..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`(Test|Fuzz)[A-Z]\w+`).FindAllString(string(page), -1) {
		if !strings.Contains(tests.String(), "func "+name+"(") {
			t.Errorf("docs/architecture.md names %s, which does not exist", name)
		}
	}
}

// Every threat names tests in their packages, and they are there.
func TestEveryThreatIsProvedByTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		threat, proofs, ok := strings.Cut(line, "| `")
		if strings.HasPrefix(line, "| ") && strings.Count(line, "|") == 5 && !strings.HasPrefix(line, "| threat") && !ok {
			t.Errorf("no test is named for: %.80s", line)
		}
		for _, m := range regexp.MustCompile("`([a-z/]+)\\.((?:Test|Fuzz)[A-Z]\\w+)`").FindAllStringSubmatch("`"+proofs, -1) {
			if !packageHas(t, filepath.Join("../..", m[1]), "func "+m[2]+"(") {
				t.Errorf("%.60s: %s has no %s", threat, m[1], m[2])
			}
		}
	}
}

// packageHas reports whether the tests in a folder have a text.
func packageHas(t *testing.T, folder, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(b), text)
	})
}
