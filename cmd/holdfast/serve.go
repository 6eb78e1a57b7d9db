package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/tidy"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy",
		Long: `Run the proxy: clients connect to --listen, their requests go to --origin, and
backends publish at --control-listen.

Settings come from the defaults, the file named by --config, HOLDFAST_
variables and these flags, each beating the one before. Whatever is wrong with
them is reported at once and nothing starts. 'holdfast config example' shows
every setting with its meaning.

SIGHUP, or a change of the file or of one that it names, takes new settings over
without ending a stream; what is wrong is logged, and the old ones stay.

SIGTERM or SIGINT drains: new connections are refused, held streams end one
after the other over drain.window, and their clients come back elsewhere. A
second signal ends the process at once.`,
		Example: `  holdfast serve --origin http://127.0.0.1:8000
  holdfast serve --config /etc/holdfast/holdfast.yaml
  HOLDFAST_LOG_LEVEL=debug holdfast serve --origin http://127.0.0.1:8000 --listen :8080
  holdfast serve --origin http://127.0.0.1:8000 \
      --tls-listen :443 --tls-cert api.pem --tls-key api.key`,
		Args: cobra.NoArgs,
	}
	file := cmd.Flags().String("config", "", "read settings from this YAML `FILE`")
	addSettings(cmd.Flags(), config.Default())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sources := config.Sources{File: *file, Environ: os.Environ(), Flags: settings(cmd.Flags())}
		cfg, warnings, err := load(sources)
		if err != nil {
			return err
		}
		first := reading{sources: sources, cfg: cfg}.sum()
		log, level := newLogger(cfg.Log, cmd.ErrOrStderr())
		defer redirectLibraries(log.Named("library"))()
		for _, warning := range warnings {
			log.Warn("odd setting", zap.String("warning", warning))
		}
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		return serve(ctx, first, log, level)
	}
	return cmd
}

// addSettings adds a flag for each setting that is often set this way.
func addSettings(flags *pflag.FlagSet, defaults config.Config) {
	list := func(name, usage string, addresses []string) {
		flags.StringArray(name, nil, fmt.Sprintf("%s (repeatable; default %s)", usage, strings.Join(addresses, ", ")))
	}
	list("listen", "take clients at `ADDR`, in the clear", defaults.Listen)
	list("control-listen", "take publishers at `ADDR`", defaults.Control.Listen)
	flags.String("origin", "", "forward requests to the API at this `URL`")
	flags.StringArray("tls-listen", nil, "take clients at `ADDR` over TLS (repeatable)")
	flags.String("tls-cert", "", "use the certificate in this PEM `FILE`")
	flags.String("tls-key", "", "use the private key in this PEM `FILE`")
	flags.String("watch", "", fmt.Sprintf("look for changes of the files every `INTERVAL`; 0s: never (default %v)", defaults.Reload.Watch))
	flags.String("log-level", "", fmt.Sprintf("log from this `LEVEL` on: debug, info, warn or error (default %s)", defaults.Log.Level))
}

// settings returns what was set by flags, under the keys that it stands for.
func settings(flags *pflag.FlagSet) []config.Flag {
	var set []config.Flag
	certificate := map[string]any{}
	flags.Visit(func(f *pflag.Flag) {
		setting := config.Flag{Name: "--" + f.Name, Value: flagValue(f)}
		switch f.Name {
		case "listen", "origin":
			setting.Key = f.Name
		case "control-listen":
			setting.Key = "control.listen"
		case "tls-listen":
			setting.Key = "tls.listen"
		case "log-level":
			setting.Key = "log.level"
		case "watch":
			setting.Key = "reload.watch"
		case "tls-cert", "tls-key":
			certificate[f.Name[len("tls-"):]] = setting.Value
			setting.Key, setting.Value = "tls.certificates", []any{certificate}
		default:
			return
		}
		set = append(set, setting)
	})
	return set
}

// flagValue is what a YAML file would give.
func flagValue(f *pflag.Flag) any {
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return f.Value.String()
	}
	var values []any
	for _, value := range list.GetSlice() {
		values = append(values, value)
	}
	return values
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM.
// Before it ends these signals get their usual effect back, so that a second
// one ends the process at once. The caller must call stop.
func untilSignal(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with ctx
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		stop()
	}()
	return ctx, stop
}

// serve runs a node until ctx ends and everything has drained. The settings are those
// that were read first.
func serve(ctx context.Context, first reading, log *zap.Logger, level zap.AtomicLevel) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups) // not before: during the drain they are for nobody
	n, err := newNode(first.cfg, log)
	if err != nil {
		return err
	}
	again := newRenewal(n, first, level)
	reportCapacity(first.cfg.MaxStreams, fileLimit(), log)
	var aside sync.WaitGroup
	tidying, stopTidying := context.WithCancel(context.WithoutCancel(ctx))
	reloading, stopReloading := context.WithCancel(ctx)
	aside.Go(func() { tidy.Run(tidying, log.Named("tidy")) })
	aside.Go(func() { again.Run(reloading, hangups) })
	defer aside.Wait()
	defer stopTidying()
	defer stopReloading()
	return n.run(ctx)
}
