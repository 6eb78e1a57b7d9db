package main

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench/floor"
)

// benchFloorCommand serves the bare server that comparisons have as their floor.
func benchFloorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "floor",
		Short: "Serve the bare server that comparisons start from",
		Long: `Serve event streams with as little as Go can do it: no history, no limits, and no
origin unless it is told of one. It is there to be measured: what another server costs more is what it does
more. Streams are GET /?channel=NAME; publish with 'holdfast bench --dialect plain'.`,
		Example: `  holdfast bench floor &
  holdfast bench --dialect plain --pid $!`,
		Args: cobra.NoArgs,
	}
	listen := cmd.Flags().String("listen", "127.0.0.1:7999", "take clients at `ADDR`")
	control := cmd.Flags().String("control-listen", "127.0.0.1:5561", "take publishers at `ADDR`")
	var o floor.Options
	cmd.Flags().StringVar(&o.Origin, "origin", "", "ask the origin at this `URL` for each stream's channels")
	cmd.Flags().BoolVar(&o.Proxy, "proxy", false, "hand on what the origin says, and hold nothing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		clients, err := listenAt(ctx, *listen)
		if err != nil {
			return err
		}
		publishers, err := listenAt(ctx, *control)
		if err != nil {
			return errors.Join(err, clients.Close())
		}
		return floor.Serve(ctx, clients, publishers, o)
	}
	return cmd
}

func listenAt(ctx context.Context, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}
