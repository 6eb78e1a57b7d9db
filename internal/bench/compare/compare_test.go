package compare

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestEveryCaseIsAValidRun(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		cfg := c.config()
		if err := cfg.Validate(); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if seen[c.Name] || c.Title == "" || c.About == "" || len(c.Columns) == 0 {
			t.Errorf("%s: %+v", c.Name, c)
		}
		seen[c.Name] = true
		if want := "holdfast bench " + c.scenario; !strings.HasPrefix(c.command(), want) {
			t.Errorf("%s: %q does not begin with %q", c.Name, c.command(), want)
		}
	}
}

func TestACommandSaysWhatDiffersFromTheScenario(t *testing.T) {
	c := Case{scenario: "users", tune: func(cfg *bench.Config) { cfg.Streams, cfg.Rate, cfg.Batch = 7, 0.5, 3 }}
	if got, want := c.command(), "holdfast bench users --streams 7 --rate 0.5 --batch 3 --warm-up"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// plan compares Holdfast with the floor, at one small case, and with a program
// that is not there.
func plan(t *testing.T) Plan {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the floor is for Linux alone")
	}
	program := filepath.Join(t.TempDir(), "holdfast")
	out, err := exec.Command("go", "build", "-o", program, "github.com/holdfast-proxy/holdfast/cmd/holdfast").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	absent := peer.Holdfast(filepath.Join(t.TempDir(), "nothing"))
	absent.Name = "absent"
	return Plan{
		Peers: []peer.Peer{peer.Holdfast(program), peer.Floor(program), absent},
		Cases: []Case{{
			Name: "broadcast", scenario: "broadcast", Columns: passColumns(), rounds: 2,
			tune: func(c *bench.Config) {
				c.Streams, c.Rate, c.Duration, c.WarmUp = 10, 100, 100*time.Millisecond, false
			},
		}},
		Rounds: 3, Cores: 1, Command: "test", Progress: t.Output(),
	}
}

func TestEveryRoundMeasuresEveryServer(t *testing.T) {
	doc, err := plan(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Servers) != 3 || doc.Servers[0].Version == "" || doc.Servers[2].Missing == "" {
		t.Errorf("servers %+v", doc.Servers)
	}
	out := doc.Cases[0]
	if out.Rounds != 2 || len(out.Rows) != 2 {
		t.Fatalf("%+v", out)
	}
	for _, row := range out.Rows {
		for _, c := range out.Columns {
			if s, ok := row.series(c.Figure); !ok || len(s.Values) != 2 {
				t.Errorf("%s, %s: %+v", row.Server, c.Figure, s)
			}
		}
	}
	for _, s := range doc.Servers[:2] {
		if !strings.Contains(s.Config, "CLIENTS") || strings.Contains(s.Config, "127.0.0.1:") {
			t.Errorf("the configuration of %s has addresses: %s", s.Name, s.Config)
		}
	}
}

func TestAServerThatFailsIsLeftOutOfTheCase(t *testing.T) {
	p := plan(t)
	p.Cases[0].tune = func(c *bench.Config) { c.Streams, c.Rate, c.Duration, c.Replay = 2, 1, time.Millisecond, 2 }
	doc, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := doc.Cases[0].Rows
	if rows[0].Failed != "" || !strings.Contains(rows[1].Failed, "the server's events have no ids") {
		t.Errorf("%+v", rows)
	}
}

func TestAComparisonEndsWithItsContext(t *testing.T) {
	p := plan(t)
	p.Cases[0].tune = func(c *bench.Config) { c.Streams, c.Duration = 2, time.Hour }
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := p.Run(ctx); err == nil {
		t.Error("no error")
	}
}
