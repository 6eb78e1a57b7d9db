package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/certs"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/explain"
)

// explanation is what `holdfast explain` was asked.
type explanation struct {
	file, origin, method string
	headers              []string
	json                 bool
}

func explainCommand() *cobra.Command {
	var e explanation
	cmd := &cobra.Command{
		Use:   "explain URL",
		Short: "Show what a request becomes, and what is wrong with it",
		Long: `Send one request through the proxy's own code, as a client would send it to
'holdfast serve' with the same configuration, and show the route, what the
origin is asked and answers, the instruction as it was read, what would be held,
what the client gets, and each mistake in the origin's headers with its remedy.

The host of URL chooses the route, https:// stands for a connection over TLS.
No server is needed and nothing is held. The origin is really asked, so take care
with methods that change something.`,
		Example: `  holdfast explain --origin http://127.0.0.1:8000 http://api.example.com/events
  holdfast explain --config holdfast.yaml https://api.example.com/events \
      -H 'Accept: text/event-stream' -H 'Origin: https://www.example.com'
  holdfast explain --config holdfast.yaml http://api.example.com/events --json`,
		Args: asUsed,
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&e.file, "config", "", "read settings from this YAML `FILE`")
	flags.StringVar(&e.origin, "origin", "", "forward the request to the API at this `URL`")
	flags.StringVar(&e.method, "method", http.MethodGet, "the request's `METHOD`")
	flags.StringArrayVarP(&e.headers, "header", "H", nil, "a header of the request, `'Name: value'` (repeatable)")
	flags.BoolVar(&e.json, "json", false, "print JSON")
	return cmd
}

func (e *explanation) run(cmd *cobra.Command, url string) error {
	sources := config.Sources{File: e.file, Environ: os.Environ()}
	if e.origin != "" {
		sources.Flags = []config.Flag{{Key: "origin", Name: "--origin", Value: e.origin}}
	}
	cfg, warnings, err := load(sources)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", warning)
	}
	options, err := proxyOptions(cfg)
	if err != nil {
		return err
	}
	files := material{store: certs.New(certs.Options{Log: zap.NewNop()})}
	if err := files.readOrigins(cfg.AllRoutes(), options.Routes); err != nil {
		return err
	}
	request, err := explain.NewRequest(e.method, url, e.headers)
	if err != nil {
		return err
	}
	report, err := explain.Run(cmd.Context(), options, request)
	if err != nil {
		return err
	}
	if !e.json {
		return report.WriteText(cmd.OutOrStdout())
	}
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(report)
}
