package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// benchCommand measures a running server.
func benchCommand() *cobra.Command {
	cfg := bench.DefaultConfig()
	var origin string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure connecting, fan-out and delivery",
		Long: `Open many event streams, publish to them, and report how fast that went and how
late the events came, and whether any was missing, doubled or out of order.

Streams are opened at --url and events published at --control. Both can have an
{i} in their channel, which becomes the stream's number: then there is a channel
for each stream; without it all follow the same. With --control '' nothing is
published.

--origin serves an origin for the run, which the proxy must have as its origin.
It holds every request on the channel that ?channel= names.

With --pid the CPU time and memory of a process are reported, too. The client
takes its share of the machine: measure small differences from another one.`,
		Example: `  holdfast serve --origin http://127.0.0.1:8001 &
  holdfast bench --origin 127.0.0.1:8001 --streams 5000 --pid $!

  holdfast bench --origin 127.0.0.1:8001 --url 'http://127.0.0.1:7999/?channel=u-{i}' --channel 'u-{i}' --rate 2000
  holdfast bench --url 'http://127.0.0.1:7999/events?user={i}' --channel public --rate 0 --batch 10 --json`,
		Args: cobra.NoArgs,
	}
	benchFlags(cmd, &cfg)
	cmd.Flags().StringVar(&origin, "origin", "", "serve an origin for the run at `ADDR`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg.Token = cmp.Or(cfg.Token, os.Getenv("HOLDFAST_TOKEN"))
		stop, err := serveBenchOrigin(origin)
		if err != nil {
			return err
		}
		defer stop()
		return bench.Run(cmd.Context(), cfg, cmd.OutOrStdout())
	}
	return cmd
}

func benchFlags(cmd *cobra.Command, cfg *bench.Config) {
	flags := cmd.Flags()
	flags.StringVar(&cfg.URL, "url", cfg.URL, "open streams at this `URL`; {i} is the stream's number")
	flags.IntVarP(&cfg.Streams, "streams", "n", cfg.Streams, "how `MANY` streams")
	flags.IntVarP(&cfg.Concurrency, "concurrency", "c", cfg.Concurrency, "how `MANY` are being opened at a time")
	flags.StringVar(&cfg.ControlURL, "control", cfg.ControlURL, "publish at this control endpoint's `URL`; '' publishes nothing")
	flags.StringVar(&cfg.Token, "token", "", "the control endpoint's `TOKEN` (default $HOLDFAST_TOKEN)")
	flags.StringVar(&cfg.Channel, "channel", cfg.Channel, "publish to this channel `NAME`; {i} makes one for each stream")
	flags.Float64Var(&cfg.Rate, "rate", cfg.Rate, "publish so many `ITEMS` a second over all channels; 0 is flat out")
	flags.DurationVar(&cfg.Duration, "duration", cfg.Duration, "publish for this `TIME`")
	flags.IntVar(&cfg.Batch, "batch", cfg.Batch, "publish so many `ITEMS` with one request")
	flags.IntVar(&cfg.Payload, "payload", cfg.Payload, "`BYTES` of data in an event")
	flags.DurationVar(&cfg.Wait, "wait", cfg.Wait, "give up on missing events after this `TIME` without any")
	flags.IntVar(&cfg.PID, "pid", 0, "report CPU time and memory of the process with this `ID`")
	flags.BoolVar(&cfg.JSON, "json", false, "print the report as JSON")
}

// serveBenchOrigin serves the origin for runs at addr until stop is called;
// nothing for an empty addr.
func serveBenchOrigin(addr string) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("origin: %w", err)
	}
	server := &http.Server{Handler: bench.Origin()}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener) // returns when stop closes it
	}()
	return func() {
		server.Close()
		<-served
	}, nil
}
