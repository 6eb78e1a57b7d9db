package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/demo/demotest"
)

func TestTheDemosPage(t *testing.T) { demotest.Page(t, startDemo) }

func TestADemoHasANode(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop() // should it run all the same
	for _, nodes := range []string{"0", "-2"} {
		got := command(ctx, "", "demo", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--nodes", nodes)
		if got.code != exitUsage || !strings.Contains(got.stderr, "--nodes: "+nodes+" is too few; write 1 or more") {
			t.Errorf("%s: %+v", nodes, got)
		}
	}
}

// startDemo runs the demo until t ends and returns its public URL.
func startDemo(t testing.TB) string {
	cfg := config.Default()
	cfg.Listen, cfg.Control.Listen = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	cfg.Drain.Window = 0
	d, err := newDemo(cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return d.urls().Page
}
