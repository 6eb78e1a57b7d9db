package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) { leaktest.Main(m, leaktest.PublishedByNATS()) }

// result is what a command line left behind.
type result struct {
	code           int
	stdout, stderr string
}

// command runs a command line.
func command(ctx context.Context, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

func TestHelpTexts(t *testing.T) {
	var walk func(cmd *cobra.Command, path []string)
	walk = func(cmd *cobra.Command, path []string) {
		got := command(t.Context(), "", append(path, "--help")...)
		if got.code != exitOK || got.stderr != "" {
			t.Errorf("%v --help: exit code %d, %q", path, got.code, got.stderr)
		}
		golden(t, filepath.Join("help", strings.Join(append([]string{"holdfast"}, path...), "-")+".txt"), got.stdout)
		for _, child := range cmd.Commands() {
			walk(child, append(path[:len(path):len(path)], child.Name()))
		}
	}
	walk(rootCommand(), nil)
}

// golden compares text with a file in testdata, or writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; look at it and run go test ./cmd/holdfast -update\n%s", path, diff)
	}
}

func TestEveryCommandTeachesByExample(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		trivial := cmd.Name() == "version" || cmd.HasSubCommands() && cmd.HasParent()
		if !trivial && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(rootCommand())
}

func TestCommandLinesThatMakeNoSense(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"an unknown command is answered with a near one", []string{"srve"}, "Did you mean this?\n\tserve"},
		{"an unknown command of config", []string{"config", "chek"}, `unknown command "chek" for "holdfast config"`},
		{"an unknown flag", []string{"serve", "--nope"}, "unknown flag: --nope\nSee 'holdfast serve --help'."},
		{"too many arguments", []string{"serve", "x"}, `unknown command "x" for "holdfast serve"`},
		{"a publication without a channel", []string{"publish"}, "CHANNEL is missing"},
		{"a publication without quotes", []string{"publish", "news", "Hello,", "world"}, "by 1: put quotes around"},
		{"a check of no token", []string{"token", "verify", "--key", "x"}, "TOKEN is missing"},
		{"an item beside a channel", []string{"publish", "--item", "{}", "news"}, "--item says everything"},
		{"an item beside an id", []string{"publish", "--item", "{}", "--id", "1"}, "--item says everything"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := command(t.Context(), "", tt.args...)
			if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, tt.want) {
				t.Errorf("exit code %d, %q, want 2 and %q", got.code, got.stderr, tt.want)
			}
		})
	}
}

func TestCompletionIsThere(t *testing.T) {
	got := command(t.Context(), "", "completion", "bash")
	if got.code != exitOK || !strings.Contains(got.stdout, "holdfast") {
		t.Errorf("exit code %d, %d bytes", got.code, len(got.stdout))
	}
}
