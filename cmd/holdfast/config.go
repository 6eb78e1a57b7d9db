package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check a configuration, or show every setting",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(configCheckCommand(), configExampleCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say what 'holdfast serve' would say of a configuration",
		Long: `Read FILE as 'holdfast serve --config FILE' would, with the HOLDFAST_ variables
of this environment, and look into the certificates, keys and tokens that it
names. Without FILE only the environment is checked.

The answer is a summary, or everything that is wrong, each with its place, its
key and the remedy, and the exit code 1. Nothing listens, nothing is made and
nothing is connected to: whether an address is free, and whether an origin, NATS or a key set at
a URL can be reached, only 'serve' finds out. That this user may not write to a
directory is a warning.`,
		Example: `  holdfast config check holdfast.yaml
  HOLDFAST_ORIGIN=http://127.0.0.1:8000 holdfast config check`,
		Args: asUsed,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, warnings, err := load(config.Sources{File: strings.Join(args, ""), Environ: os.Environ()})
			if err != nil {
				return err
			}
			for _, warning := range warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", warning)
			}
			summarize(cmd.OutOrStdout(), cfg)
			return nil
		},
	}
}

func configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print every setting with its default and its meaning, as a file",
		Example: `  holdfast config example > holdfast.yaml
  holdfast config example | less`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), holdfast.ExampleConfig())
			return err
		},
	}
}

// load loads a configuration. Its error has one line per problem, and one per
// warning, since a misspelt variable may be the reason.
func load(sources config.Sources) (config.Config, []string, error) {
	cfg, warnings, err := read(sources)
	if err == nil {
		return cfg, warnings, nil
	}
	lines := strings.Split(err.Error(), "\n")
	for _, warning := range warnings {
		lines = append(lines, "warning: "+warning)
	}
	return cfg, nil, fmt.Errorf("the configuration is refused:\n  %s", strings.Join(lines, "\n  "))
}

// read reads a configuration, and tries the keys that it names. Its error joins one for
// every problem.
func read(sources config.Sources) (config.Config, []string, error) {
	sources.Look = keyProblems
	cfg, warnings, err := config.Load(sources)
	if err == nil {
		err = checkKeys(cfg) // and how they go together
	}
	return cfg, warnings, err
}

// summarize says what a configuration amounts to. It shows no secrets.
func summarize(w io.Writer, cfg config.Config) {
	fmt.Fprintln(w, "The configuration is fine.")
	fmt.Fprintf(w, "  clients:    %s\n", strings.Join(append(cfg.Listen, withTLS(cfg.TLS.Listen)...), ", "))
	fmt.Fprintf(w, "  publishers: %s, %s\n", strings.Join(cfg.Control.Listen, ", "), guard(cfg.Control))
	for _, route := range cfg.AllRoutes() {
		fmt.Fprintf(w, "  route:      %s %s\n", taken(route), destination(route))
	}
}

// destination says who answers what a route takes.
func destination(route config.Route) string {
	to := "to " + strings.Join(route.Origins, ", ")
	switch {
	case !route.Tokens.Set():
		return to
	case len(route.Origins) == 0:
		return "held by token"
	}
	return "held by token, all else " + to
}

// taken says which requests a route takes, and its name if it was given one.
func taken(route config.Route) string {
	text := route.Takes()
	named := route.Name != text
	if route.Host == "" {
		text = "any host, " + text
	}
	if named {
		text += " (" + route.Name + ")"
	}
	return text
}

func withTLS(addresses []string) []string {
	var marked []string
	for _, address := range addresses {
		marked = append(marked, address+" (TLS)")
	}
	return marked
}

func guard(c config.Control) string {
	switch certificates := c.TLS.ClientCA != ""; {
	case c.Guarded() && certificates:
		return "with a token and a client certificate"
	case certificates:
		return "with a client certificate"
	case c.Guarded():
		return "with a token"
	}
	return "without a token"
}
