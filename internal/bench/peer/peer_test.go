package peer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
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

// build returns the program's path.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "holdfast")
	out, err := exec.Command("go", "build", "-o", program, "github.com/holdfast-proxy/holdfast/cmd/holdfast").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// start starts a peer and returns a small run against it.
func start(t *testing.T, p peer.Peer, tls bool) bench.Config {
	t.Helper()
	origin := httptest.NewServer(bench.Origin())
	t.Cleanup(origin.Close)
	server, err := p.Start(t.Context(), peer.Conditions{Origin: origin.Listener.Addr().String(), Cores: 1, TLS: tls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	cfg := bench.Scenarios()[0].Config()
	cfg.Channel = "c-{i}"
	cfg.Common = "all"
	cfg.Streams, cfg.Rate, cfg.Duration = 10, 200, 200*time.Millisecond
	server.Apply(&cfg)
	return cfg
}

func TestEachPeerDeliversWhatIsPublishedToIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the peers are Debian's")
	}
	for _, p := range peer.All(build(t)) {
		t.Run(p.Name, func(t *testing.T) {
			if version, err := p.Version(t.Context()); err != nil {
				t.Skipf("skipped: %s is not installed: %v", p.Name, err)
			} else if version == "" || strings.Contains(version, "\n") {
				t.Errorf("version %q", version)
			}
			cfg := start(t, p, false)
			if cfg.Answers { // it holds nothing
				cfg.ControlURL = ""
				if r, err := bench.Measure(t.Context(), cfg); err != nil || r.Connect.Opened != 10 {
					t.Errorf("%+v, %v", r, err)
				}
				return
			}
			for _, batch := range []int{1, 20} {
				cfg.Batch = batch
				r, err := bench.Measure(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				d := r.Deliver
				// 4 of 40 items go to all ten streams, the others to one.
				if r.Connect.Opened != 10 || d.Delivered != 76 || d.Missing != 0 || d.Duplicates != 0 || d.OutOfOrder != 0 {
					t.Errorf("batches of %d: connect %+v, deliver %+v", batch, r.Connect, d)
				}
				if s := r.Server; s.MemoryOpen < 1<<20 || s.ConnectCPU <= 0 {
					t.Errorf("its processes are not watched: %+v", s)
				}
			}
		})
	}
}

func TestPeersDeliverOverTLSAndHTTP2(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the peers are Debian's")
	}
	for _, p := range peer.All(build(t)) {
		if !p.TLS {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if _, err := p.Version(t.Context()); err != nil {
				t.Skipf("skipped: %s is not installed: %v", p.Name, err)
			}
			cfg := start(t, p, true)
			for _, cfg.HTTP2 = range []int{0, 1, 3} {
				r, err := bench.Measure(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if d := r.Deliver; r.Connect.Opened != 10 || d.Delivered != 76 || d.Missing != 0 || d.Duplicates != 0 || d.OutOfOrder != 0 {
					t.Errorf("%d a connection: connect %+v, deliver %+v", cfg.HTTP2, r.Connect, d)
				}
			}
		})
	}
}

func TestPeersThatReplayDoSoByTheIdsTheyGive(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the peers are Debian's")
	}
	for _, p := range peer.All(build(t)) {
		if !p.Replay {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if _, err := p.Version(t.Context()); err != nil {
				t.Skipf("skipped: %s is not installed: %v", p.Name, err)
			}
			cfg := start(t, p, false)
			cfg.URL = strings.NewReplacer("/two", "/sub", "&channel=all", "", "&also=all", "").Replace(cfg.URL)
			cfg.URL = strings.ReplaceAll(cfg.URL, "{i}", "x")
			cfg.Channel, cfg.Common, cfg.Replay, cfg.Batch = "c-x", "", 100, 10
			r, err := bench.Measure(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if r.Replay.Delivered != 1000 || r.Replay.Missing != 0 {
				t.Errorf("%+v", r.Replay)
			}
		})
	}
}

func TestAPeerThatDoesNotStartSaysWhy(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "broken")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho no such luck >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := peer.Holdfast(program).Start(t.Context(), peer.Conditions{Origin: "127.0.0.1:1", Cores: 1})
	if err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("error %v", err)
	}
}

func TestStartingEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "idle")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := peer.Holdfast(program).Start(ctx, peer.Conditions{Origin: "127.0.0.1:1", Cores: 1}); err == nil {
		t.Error("no error")
	}
}
