package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench/compare"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// benchPeersCommand measures other servers beside this one.
func benchPeersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "peers",
		Short: "Measure Holdfast beside other servers",
		Long: `Run Nchan, Pushpin, Holdfast and a bare server one after the other at the same
work, round by round, and write what came of it as JSON. 'holdfast bench page'
makes a page of that. What is not installed is left out: on Debian,

  apt-get install --no-install-recommends nginx libnginx-mod-nchan pushpin

Everything runs on this machine, on ports of 127.0.0.1 and with files in temporary
directories. A round takes some four minutes. Cases that have very many streams, or
leave them alone for a minute, take another twenty: unless --case names cases,
those are measured only once or twice.`,
		Example: `  holdfast bench peers > benchmarks.json
  holdfast bench peers --rounds 15 --case broadcast,users --server Holdfast,floor > cpu.json`,
		Args: cobra.NoArgs,
	}
	rounds := cmd.Flags().Int("rounds", 5, "measure every server so `MANY` times")
	cores := cmd.Flags().Int("cores", 1, "let each server use so `MANY` cores")
	cases := cmd.Flags().StringSlice("case", nil, "only the cases with these `NAMES`: "+strings.Join(caseNames(), ", "))
	servers := cmd.Flags().StringSlice("server", nil, "only the servers with these `NAMES`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		program, err := os.Executable()
		if err != nil {
			return err
		}
		plan := compare.Plan{
			Peers: peer.All(program), Cases: compare.Cases(), Rounds: *rounds, Cores: *cores, AllRounds: len(*cases) > 0,
			Command: peersCommandLine(*rounds, *cores, *cases, *servers), Progress: cmd.ErrOrStderr(),
		}
		if err := narrow(&plan, *cases, *servers); err != nil {
			return err
		}
		return writeComparison(ctx, cmd, plan)
	}
	return cmd
}

// peersCommandLine is how to make the same comparison again.
func peersCommandLine(rounds, cores int, cases, servers []string) string {
	line := fmt.Sprintf("holdfast bench peers --rounds %d --cores %d", rounds, cores)
	if len(cases) > 0 {
		line += fmt.Sprintf(" --case %q", strings.Join(cases, ","))
	}
	if len(servers) > 0 {
		line += fmt.Sprintf(" --server %q", strings.Join(servers, ","))
	}
	return line
}

func writeComparison(ctx context.Context, cmd *cobra.Command, plan compare.Plan) error {
	doc, err := plan.Run(ctx)
	if err != nil {
		return err
	}
	return doc.Write(cmd.OutOrStdout())
}

func caseNames() []string {
	var names []string
	for _, c := range compare.Cases() {
		names = append(names, c.Name)
	}
	return names
}

// narrow leaves only the named cases and servers; all where none is named.
func narrow(plan *compare.Plan, cases, servers []string) error {
	var err error
	plan.Cases, err = byName(plan.Cases, cases, func(c compare.Case) string { return c.Name })
	if err != nil {
		return fmt.Errorf("--case: %w", err)
	}
	plan.Peers, err = byName(plan.Peers, servers, func(p peer.Peer) string { return p.Name })
	if err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	return nil
}

// byName returns those with the names, in their own order. Case does not matter.
func byName[T any](all []T, names []string, name func(T) string) ([]T, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []T
	var known []string
	for _, one := range all {
		known = append(known, name(one))
		if slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, name(one)) }) {
			chosen = append(chosen, one)
		}
	}
	for _, s := range names {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, s) }) {
			return nil, fmt.Errorf("%q is none of %s", s, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
