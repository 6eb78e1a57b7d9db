package main

import "github.com/spf13/cobra"

// rootCommand makes the command line. Each call makes a new one.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Turn any HTTP API into a realtime API",
		Long: `Holdfast is a reverse proxy that turns any HTTP API into a realtime API.

A browser opens an EventSource on the API's own URL. Holdfast passes the request
on; the API answers at once "hold this stream open, it belongs to these
channels" and is done. From then on Holdfast keeps the connection, and any
backend publishes to the channels with one HTTP call. A client that comes back
gets what it has missed.

Exit codes: 0 success, 1 failure, 2 wrong usage.`,
		Example: `  holdfast serve --origin http://127.0.0.1:8000     stand in front of an API
  holdfast publish news 'Hello, world'              send an event to a channel
  holdfast config example > holdfast.yaml           see everything that can be set`,
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
	}
	root.AddCommand(
		serveCommand(),
		demoCommand(),
		benchCommand(),
		publishCommand(),
		importCommand(),
		explainCommand(),
		tokenCommand(),
		configCommand(),
		versionCommand(),
	)
	return root
}
