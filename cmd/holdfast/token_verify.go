package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/explain"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/token"
)

// tokenCheck is what `holdfast token verify` was asked.
type tokenCheck struct {
	file, route      string
	keys             []string
	algorithm, jwks  string
	decrypt          []string
	issuer, audience string
}

func tokenVerifyCommand() *cobra.Command {
	var c tokenCheck
	cmd := &cobra.Command{
		Use:   "verify TOKEN",
		Short: "Say what a route would make of a token, or what is wrong with it",
		Long: `Check TOKEN, - for standard input, as the route would that --config and --route
name, or as one would that has these keys, and print what it allows. If it is not
good the answer says why, and the exit code is 1.

--route can be left out where only one route has tokens.`,
		Example: `  holdfast token verify --config holdfast.yaml --route events "$TOKEN"
  holdfast token verify --key file:public.pem --audience holdfast - < token
  holdfast token verify --jwks https://id.example.com/.well-known/jwks.json "$TOKEN"`,
		Args: asUsed,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := tokenText(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return c.run(cmd, text)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.file, "config", "", "read the route's settings from this YAML `FILE`")
	flags.StringVar(&c.route, "route", "", "the `NAME` of the route")
	flags.StringArrayVar(&c.keys, "key", nil, "check the signature with this `KEY` (repeatable)")
	flags.StringVar(&c.algorithm, "algorithm", "", "the `NAME` of another algorithm for secrets or RSA keys, as in HS512 or PS256")
	flags.StringVar(&c.jwks, "jwks", "", "check the signature with the keys at this `URL`, or file:PATH")
	flags.StringArrayVar(&c.decrypt, "decrypt", nil, "decrypt with this `KEY` (repeatable)")
	flags.StringVar(&c.issuer, "issuer", "", "demand this `ISSUER` (iss)")
	flags.StringVar(&c.audience, "audience", "", "demand this `AUDIENCE` (aud)")
	for _, name := range []string{"key", "algorithm", "jwks", "decrypt", "issuer", "audience"} {
		cmd.MarkFlagsMutuallyExclusive("config", name)
	}
	return cmd
}

// tokenText is the token, or what comes in.
func tokenText(arg string, in io.Reader) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(config.MiB)))
	return strings.TrimSpace(string(text)), err
}

func (c *tokenCheck) run(cmd *cobra.Command, text string) error {
	route, err := c.settings()
	if err != nil {
		return err
	}
	v, err := tokenVerifier(route.Tokens)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(cmd.Context())
	var background sync.WaitGroup
	defer background.Wait()
	defer stop()
	background.Go(func() {
		v.Run(ctx, func(_ int, err error) {
			if err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v\n", err)
			}
		})
	})
	grant, err := v.Verify(ctx, text, time.Now())
	if wrong := new(token.Error); errors.As(err, &wrong) && wrong.Detail != nil {
		return fmt.Errorf("%w: %w", err, wrong.Detail) // whoever asks has the token
	}
	if err != nil {
		return err
	}
	return writeGrant(cmd.OutOrStdout(), route, grant, time.Now())
}

// settings are the route's that is named, or of one with the keys that are named.
func (c *tokenCheck) settings() (config.Route, error) {
	if c.file == "" {
		if c.route != "" {
			return config.Route{}, errors.New("--route needs --config")
		}
		return c.ownRoute()
	}
	cfg, _, err := load(config.Sources{File: c.file, Environ: os.Environ()})
	if err != nil {
		return config.Route{}, err
	}
	return tokenRoute(cfg.AllRoutes(), c.route)
}

// ownRoute is a route with what the flags say.
func (c *tokenCheck) ownRoute() (config.Route, error) {
	route := config.DefaultRoute()
	t := &route.Tokens
	t.Keys, t.JWKS, t.EncryptionKeys, t.Issuer, t.Audience = c.keys, c.jwks, c.decrypt, c.issuer, c.audience
	if c.algorithm != "" {
		t.Algorithms = []string{c.algorithm}
	}
	if !t.Set() {
		return route, errors.New("name a route with --config, or a key with --key, --jwks or --decrypt")
	}
	return route, nil
}

// tokenRoute is the route of that name, or the only one with tokens.
func tokenRoute(routes []config.Route, name string) (config.Route, error) {
	var found []config.Route
	var names []string
	for _, r := range routes {
		if r.Tokens.Set() {
			names = append(names, r.Name)
			if name == "" || r.Name == name {
				found = append(found, r)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(names) == 0:
		return config.Route{}, errors.New("no route has tokens")
	}
	return config.Route{}, fmt.Errorf("name one of these routes with --route: %s", strings.Join(names, ", "))
}

// writeGrant prints what a token allows on a route.
func writeGrant(w io.Writer, route config.Route, g *token.Grant, now time.Time) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%s\t%s\n", name, explain.Visible(value)) // who has signed it may have been told it
		}
	}
	line("user", g.Subject)
	line("id", g.ID)
	names := make([]string, 0, len(g.Channels)+len(route.Subscribe))
	for _, c := range g.Channels {
		names = append(names, describeChannel(route.ChannelPrefix, c))
	}
	line("channels", strings.Join(append(names, route.Subscribe...), ", "))
	var meta []string
	for _, name := range slices.Sorted(maps.Keys(g.Meta)) {
		meta = append(meta, name+"="+g.Meta[name])
	}
	line("meta", strings.Join(meta, ", "))
	if k := g.KeepAlive; k != nil {
		line("keep-alive", fmt.Sprintf("%q every %v", k.Data, k.Interval))
	}
	line("expires", fmt.Sprintf("%s (in %v)", g.Expires.UTC().Format(time.RFC3339), g.Expires.Sub(now).Round(time.Second)))
	return out.Flush()
}

// describeChannel is a channel with what bounds it.
func describeChannel(prefix string, c grip.Channel) string {
	text := prefix + c.Name
	switch {
	case c.NoReplay:
		text += " (replay off)"
	case c.ReplayAge > 0:
		text += fmt.Sprintf(" (replay %v)", c.ReplayAge)
	}
	if c.PrevID != "" {
		text += fmt.Sprintf(" (after %s)", c.PrevID)
	}
	if len(c.Filters) > 0 {
		text += " (filters " + strings.Join(c.Filters, ", ") + ")"
	}
	return text
}
