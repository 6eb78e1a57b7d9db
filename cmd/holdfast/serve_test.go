package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

func TestFlagsOfServeAreSettings(t *testing.T) {
	cmd := serveCommand()
	err := cmd.ParseFlags([]string{
		"--config", "f", "--listen", ":1", "--listen", ":2", "--origin", "http://a", "--control-listen", ":3",
		"--tls-listen", ":4", "--tls-cert", "c", "--tls-key", "k", "--log-level", "debug",
	})
	if err != nil {
		t.Fatal(err)
	}
	certificates := []any{map[string]any{"cert": "c", "key": "k"}}
	want := []config.Flag{ // in the order of their names
		{Key: "control.listen", Name: "--control-listen", Value: []any{":3"}},
		{Key: "listen", Name: "--listen", Value: []any{":1", ":2"}},
		{Key: "log.level", Name: "--log-level", Value: "debug"},
		{Key: "origin", Name: "--origin", Value: "http://a"},
		{Key: "tls.certificates", Name: "--tls-cert", Value: certificates},
		{Key: "tls.certificates", Name: "--tls-key", Value: certificates},
		{Key: "tls.listen", Name: "--tls-listen", Value: []any{":4"}},
	}
	if diff := cmp.Diff(want, settings(cmd.Flags())); diff != "" {
		t.Error(diff)
	}
}

func TestServeNamesTheFlagThatIsWrong(t *testing.T) {
	got := command(t.Context(), "", "serve", "--origin", "nowhere", "--listen", "x", "--tls-listen", ":443", "--tls-cert", "c")
	for _, want := range []string{`--origin: origin: "nowhere"`, `--listen: listen[0]: "x"`, "--tls-cert: tls.certificates[0].key: is empty"} {
		if got.code != exitFailure || !strings.Contains(got.stderr, want) {
			t.Errorf("exit code %d, %q does not have %q", got.code, got.stderr, want)
		}
	}
}

func TestLogLines(t *testing.T) {
	tests := []struct {
		name string
		set  config.Log
		want string
	}{
		{"what is no terminal gets JSON", config.Log{Level: config.LogInfo, Format: config.LogAuto}, `"level":"info"`},
		{"console is for people", config.Log{Level: config.LogInfo, Format: config.LogConsole}, "\tINFO\thello\t{\"n\": 1}\n"},
		{"less important lines are left out", config.Log{Level: config.LogWarn, Format: config.LogJSON}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			log, _ := newLogger(tt.set, &out)
			log.Info("hello", zap.Int("n", 1))
			if got := out.String(); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// asChild makes TestSignals play the process that gets the signals.
const asChild = "TEST_SIGNALS_CHILD=1"

func TestSignals(t *testing.T) {
	if os.Getenv("TEST_SIGNALS_CHILD") != "" {
		ctx, stop := untilSignal(t.Context())
		defer stop()
		os.Stdout.WriteString("serving\n")
		<-ctx.Done()
		os.Stdout.WriteString("draining\n")
		select {} // a drain that never ends
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSignals$")
	child.Env = append(os.Environ(), asChild)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, want := range []string{"serving", "draining"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the process said %q, want %q", lines.Text(), want)
		}
		if err := child.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the second signal: %v, want the process ended by SIGTERM", err)
	}
}
