package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
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
	flags := cmd.Flags()
	file := flags.String("config", "", "read settings from this YAML `FILE`")
	flags.StringArray("listen", nil, "take clients at `ADDR`, in the clear (repeatable; default :7999)")
	flags.String("origin", "", "forward requests to the API at this `URL`")
	flags.StringArray("control-listen", nil, "take publishers at `ADDR` (repeatable; default 127.0.0.1:5561)")
	flags.StringArray("tls-listen", nil, "take clients at `ADDR` over TLS (repeatable)")
	flags.String("tls-cert", "", "use the certificate in this PEM `FILE`")
	flags.String("tls-key", "", "use the private key in this PEM `FILE`")
	flags.String("log-level", "", "log from this `LEVEL` on: debug, info, warn or error (default info)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sources := config.Sources{File: *file, Environ: os.Environ(), Flags: settings(flags)}
		cfg, warnings, err := load(sources)
		if err != nil {
			return err
		}
		log := newLogger(cfg.Log, cmd.ErrOrStderr())
		for _, warning := range warnings {
			log.Warn("odd environment variable", zap.String("warning", warning))
		}
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		return serve(ctx, cfg, log)
	}
	return cmd
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
// From then on these signals have their usual effect again, so that a second
// one ends the process at once. The caller must call stop.
func untilSignal(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
