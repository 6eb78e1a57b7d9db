package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// benchFlags makes flags for all settings; their defaults are what cfg has.
func benchFlags(cmd *cobra.Command, cfg *bench.Config) {
	flags := cmd.Flags()
	flags.StringVar(&cfg.URL, "url", cfg.URL, "open streams at this `URL`; {i} is the stream's number")
	flags.IntVarP(&cfg.Streams, "streams", "n", cfg.Streams, "how `MANY` streams")
	flags.IntVarP(&cfg.Concurrency, "concurrency", "c", cfg.Concurrency, "how `MANY` are being opened at a time")
	flags.IntVar(&cfg.HTTP2, "http2", cfg.HTTP2, "put so `MANY` streams on each HTTP/2 connection; 0 is HTTP/1.1")
	flags.BoolVar(&cfg.Insecure, "insecure", cfg.Insecure, "take any certificate of the server")
	flags.BoolVar(&cfg.Answers, "answers", cfg.Answers, "take responses that have an end for streams")
	flags.IntVar(&cfg.Clients, "clients", cfg.Clients, "open them from so `MANY` processes; 0 is as many as it takes")
	flags.StringVar(&cfg.ControlURL, "control", cfg.ControlURL, "publish at this control endpoint's `URL`; '' publishes nothing")
	flags.StringVar(&cfg.Dialect, "dialect", cfg.Dialect, "publish as this `KIND` of server takes it: grip, nchan or plain")
	flags.StringVar(&cfg.Token, "token", "", "the control endpoint's `TOKEN` (default $HOLDFAST_TOKEN)")
	flags.StringVar(&cfg.Channel, "channel", cfg.Channel, "publish to this channel `NAME`; {i} makes one for each stream")
	flags.StringVar(&cfg.Common, "common", cfg.Common, "publish every tenth item to this channel `NAME`, which all streams follow besides")
	flags.DurationVar(&cfg.Gap, "gap", cfg.Gap, "let the nine items after a common one follow it at distances of this `TIME`")
	flags.IntVar(&cfg.IdleChannels, "idle-channels", cfg.IdleChannels, "publish first to so `MANY` channels that nobody follows")
	flags.DurationVar(&cfg.IdleSettle, "idle-settle", cfg.IdleSettle, "leave those alone for this `TIME` before streams come")
	flags.Float64Var(&cfg.Rate, "rate", cfg.Rate, "publish so many `ITEMS` a second over all channels; 0 is flat out")
	flags.DurationVar(&cfg.Duration, "duration", cfg.Duration, "publish for this `TIME`")
	flags.IntVar(&cfg.Items, "items", cfg.Items, "publish so `MANY` items at most; 0 is no bound")
	flags.IntVar(&cfg.Batch, "batch", cfg.Batch, "publish so many `ITEMS` at once")
	flags.IntVar(&cfg.Payload, "payload", cfg.Payload, "`BYTES` of data in an event")
	flags.DurationVar(&cfg.Settle, "settle", cfg.Settle, "look at the memory of open streams once more after this `TIME`")
	flags.IntVar(&cfg.Replay, "replay", cfg.Replay, "publish so many `EVENTS` first, for streams to ask for")
	flags.BoolVar(&cfg.KernelClock, "kernel-clock", cfg.KernelClock, "an event is there when the client's kernel has it, not when it is read")
	flags.IntVar(&cfg.Stuck, "stuck", cfg.Stuck, "so `MANY` of the streams do not read")
	flags.Float64Var(&cfg.Churn, "churn", cfg.Churn, "open and close so `MANY` more streams a second meanwhile")
	flags.DurationVar(&cfg.Wait, "wait", cfg.Wait, "give up on missing events after this `TIME` without any")
	flags.IntVar(&cfg.Rounds, "rounds", cfg.Rounds, "measure so `MANY` times, and report medians and spread")
	flags.BoolVar(&cfg.WarmUp, "warm-up", cfg.WarmUp, "make a smaller run first, which does not count")
	flags.IntSliceVar(&cfg.PIDs, "pid", nil, "report CPU time and memory of the processes with these `IDS`")
	flags.StringVar(&cfg.MetricsURL, "metrics", cfg.MetricsURL, "report a Go server's garbage and collections, from its metrics at this `URL`")
	flags.BoolVar(&cfg.JSON, "json", false, "print the result as JSON")
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
