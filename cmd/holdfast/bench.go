package main

import (
	"cmp"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// benchCommand measures running servers: a command for each scenario, and the
// plainest scenario by itself.
func benchCommand() *cobra.Command {
	scenarios := bench.Scenarios()
	cmd := scenarioCommand(scenarios[0])
	cmd.Use = "bench"
	cmd.Short = "Measure connecting, fan-out and delivery"
	cmd.Long = `Open many event streams, publish to them, and report how fast that went and how
late the events came, and whether any was missing, doubled or out of order.

There are several scenarios. A scenario is nothing but defaults for the same
flags; without one it is broadcast.

Streams are opened at --url and events published at --control. Both can have an
{i} in their channel, which becomes the stream's number: then there is a channel
for each stream; without it all follow the same. With --control '' nothing is
published.

An https URL is spoken to over TLS, and with --http2 N over HTTP/2, with N streams
on each connection. --insecure takes any certificate.

--origin serves an origin for the run, which the proxy must have as its origin.
It holds every request on the channels that ?channel= names.

With --pid the CPU time and memory of processes and their children are reported,
too; with --metrics what Go's runtime in the server did: garbage and collections.
The client takes its share of the machine: measure small differences from
another one, or side by side with 'holdfast bench peers'.

A process can have only so many files open. Beyond that the streams are opened by
several processes, on this machine each from an address of its own (127.0.0.2, and
so on).`
	for _, s := range scenarios {
		cmd.AddCommand(scenarioCommand(s))
	}
	cmd.AddCommand(benchPeersCommand(), benchPageCommand(), benchFloorCommand(), benchClientCommand())
	return cmd
}

// scenarioCommand measures one scenario.
func scenarioCommand(s bench.Scenario) *cobra.Command {
	cfg := s.Config()
	var origin string
	cmd := &cobra.Command{
		Use:   s.Name,
		Short: s.Short,
		Long:  s.Short + ". " + s.Long + "\n\nSee 'holdfast bench --help' for what all scenarios have in common.",
		Example: strings.ReplaceAll(`  holdfast serve --origin http://127.0.0.1:8001 &
  holdfast bench SCENARIO --origin 127.0.0.1:8001 --pid $!
  holdfast bench SCENARIO --origin 127.0.0.1:8001 --streams 5000 --rounds 5 --json`, "SCENARIO", s.Name),
		Args: cobra.NoArgs,
	}
	benchFlags(cmd, &cfg)
	cmd.Flags().StringVar(&origin, "origin", "", "serve an origin for the run at `ADDR`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		cfg.Token = cmp.Or(cfg.Token, os.Getenv("HOLDFAST_TOKEN"))
		program, err := os.Executable()
		if err != nil {
			return err
		}
		cfg.ClientCommand = []string{program, "bench", "client"}
		closeOrigin, err := serveBenchOrigin(origin)
		if err != nil {
			return err
		}
		defer closeOrigin()
		return bench.Run(ctx, cfg, cmd.OutOrStdout())
	}
	return cmd
}

// benchClientCommand is what a run with several client processes starts.
func benchClientCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "client",
		Short:   "Open streams for another bench process",
		Long:    "Open streams as another process says on standard input, and answer on standard output.",
		Example: "  holdfast bench --clients 2     starts two of them",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench.ServeClient(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}
