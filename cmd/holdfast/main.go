package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code. It blocks until the
// command is done; the end of ctx ends it early.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	understood := false // the command line was, and its command runs
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }

	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case understood:
		fmt.Fprintf(stderr, "holdfast: %v\n", err)
		return exitFailure
	default:
		fmt.Fprintf(stderr, "holdfast: %v\nSee '%s --help'.\n", err, cmd.CommandPath())
		return exitUsage
	}
}
