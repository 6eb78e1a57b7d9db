package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// runBench runs the command with args and returns what it printed.
func runBench(t *testing.T, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := benchCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestBenchMeasuresWithItsOwnOrigin(t *testing.T) {
	const origin = "127.0.0.1:39741"
	proxy := servetest.Start(t, "http://"+origin)
	out, err := runBench(t, "--origin", origin, "--url", proxy.URL+"/?channel=u-{i}", "--channel", "u-{i}",
		"--control", proxy.ControlURL, "-n", "5", "--rate", "100", "--duration", "100ms")
	if err != nil || !strings.Contains(out, "5 of 5 opened") || !strings.Contains(out, "10 events") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestBenchSaysWhatIsWrong(t *testing.T) {
	if _, err := runBench(t, "--streams", "0"); err == nil || !strings.Contains(err.Error(), "streams 0: needs at least 1") {
		t.Errorf("error %v", err)
	}
}

func TestBenchFlagsShowTheDefaults(t *testing.T) {
	if got, want := benchCommand().Flag("url").DefValue, bench.Scenarios()[0].Config().URL; got != want {
		t.Errorf("--url is %q by default, want %q", got, want)
	}
}
