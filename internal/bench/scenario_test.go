package bench_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// small makes a run of a moment of a scenario.
func small(c *bench.Config) {
	c.Streams, c.Concurrency = 10, 4
	c.Rate, c.Duration = max(c.Rate, 100), 100*time.Millisecond
	c.Settle = min(c.Settle, time.Millisecond)
	c.Wait = 2 * time.Second
}

func TestEachScenarioMeasuresHoldfast(t *testing.T) {
	origin := httptest.NewServer(bench.Origin())
	defer origin.Close()
	proxy := servetest.Start(t, origin.URL)
	tests := map[string]struct {
		change func(*bench.Config)
		wrong  func(*bench.Report) bool
	}{
		"broadcast": {func(*bench.Config) {},
			func(r *bench.Report) bool { return r.Deliver.Delivered != 100 || r.Deliver.Passes.Last.Count != 10 }},
		"users": {func(c *bench.Config) { c.Batch = 5 },
			func(r *bench.Report) bool {
				return r.Publish.Channels != 10 || r.Deliver.Delivered != int64(r.Publish.Items)
			}},
		"lone": {func(*bench.Config) {},
			func(r *bench.Report) bool {
				return r.Deliver.Delivered != int64(r.Publish.Items) || r.Deliver.Latency.P50 >= r.Deliver.Latency.Max*1.01
			}},
		"idle": {func(*bench.Config) {},
			func(r *bench.Report) bool { return r.Deliver != nil || r.Connect.Opened != 10 }},
		"connect": {func(c *bench.Config) { c.WarmUp = true },
			func(r *bench.Report) bool { return r.Publish != nil || r.Connect.Latency.Count != 10 }},
		"burst": {func(c *bench.Config) { c.Rate = 1000 },
			func(r *bench.Report) bool { return r.Publish.Items != 100 || r.Deliver.Delivered != 1000 }},
		"replay": {func(c *bench.Config) { c.Replay, c.Batch = 50, 20 },
			func(r *bench.Report) bool { return r.Replay.Delivered != 500 || r.Replay.Missing != 0 }},
		"slow": {func(c *bench.Config) { c.Stuck = 2 },
			func(r *bench.Report) bool {
				return r.Deliver.Delivered != 8*int64(r.Publish.Items) || r.Stuck.Streams != 2 || r.Stuck.Whole != 2 ||
					r.Stuck.Without.Latency.Count == 0 || r.Stuck.Without.P99Times <= 0
			}},
		"mixed": {func(*bench.Config) {},
			func(r *bench.Report) bool { return r.Churn.Opened == 0 || r.Publish.Channels != 11 }},
		"beside": {func(c *bench.Config) { c.Rate, c.Gap = 200, time.Millisecond },
			func(r *bench.Report) bool {
				return r.Publish.Items != 20 || r.Publish.Own.Count != 18 || r.Deliver.Own.Count != 18 || r.Deliver.Passes.Last.Count != 2
			}},
	}
	for _, s := range bench.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			tt, ok := tests[s.Name]
			if !ok {
				t.Fatal("it has no test")
			}
			cfg := s.Config()
			cfg.URL = strings.ReplaceAll(cfg.URL, "http://127.0.0.1:7999", proxy.URL)
			cfg.URL = strings.ReplaceAll(cfg.URL, "bench", s.Name)
			cfg.Channel = strings.ReplaceAll(cfg.Channel, "bench", s.Name)
			if cfg.ControlURL != "" {
				cfg.ControlURL = proxy.ControlURL
			}
			cfg.PIDs, cfg.MetricsURL = []int{proxy.PID}, proxy.ControlURL+"/metrics"
			small(&cfg)
			tt.change(&cfg)
			r := measure(t, cfg)
			if g := r.Go; g == nil || g.CPUPerCycle < 0 || (g.GarbagePerConnect <= 0) != (r.Replay != nil) {
				t.Errorf("its runtime: %+v", g)
			}
			if d := r.Deliver; tt.wrong(r) || d != nil && (d.Missing != 0 || d.Duplicates != 0 || d.Strays != 0 || d.Others != 0) {
				t.Errorf("connect %+v, publish %+v, deliver %+v, replay %+v, stuck %+v, churn %+v",
					r.Connect, r.Publish, r.Deliver, r.Replay, r.Stuck, r.Churn)
			}
		})
	}
}

func TestClientProcessesShareTheStreams(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.Clients, cfg.ClientCommand = 3, []string{program, clientArgument}
	r := measure(t, cfg)
	if r.Connect.Opened != 10 || r.Connect.Latency.Count != 10 || r.Deliver.Delivered != 200 || r.Deliver.Missing != 0 || r.Deliver.Latency.Count != 200 {
		t.Errorf("connect %+v, deliver %+v", r.Connect, r.Deliver)
	}
	// Their clocks agree: nothing took longer than the run.
	if l := r.Deliver.Latency; l.Max > r.Deliver.Seconds*1e6 || l.Max == 0 {
		t.Errorf("latency %+v in %v s", l, r.Deliver.Seconds)
	}
	if p := r.Deliver.Passes; p.Last.Count != 60 {
		t.Errorf("each process has 20 passes: %+v", p)
	}
}
