package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/pushpin"
)

func importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import PUSHPIN.CONF [ROUTES]",
		Short: "Translate a configuration of Pushpin",
		Long: `Read Pushpin's configuration and its routes file, and print a configuration of
Holdfast that does the same. Without ROUTES it is the file that PUSHPIN.CONF
names.

What has no equivalent, or is not quite the same, is listed on standard error
with its line and what to do instead, and stands as comments in what is printed.
Settings that stay as Holdfast's defaults are not printed.`,
		Example: `  holdfast import /etc/pushpin/pushpin.conf > holdfast.yaml
  holdfast import pushpin.conf routes > holdfast.yaml && holdfast config check holdfast.yaml`,
		Args: asUsed,
		RunE: func(cmd *cobra.Command, args []string) error {
			translated, err := importFiles(args)
			if err != nil {
				return err
			}
			for _, note := range translated.Notes {
				fmt.Fprintln(cmd.ErrOrStderr(), note)
			}
			if _, err := cmd.OutOrStdout().Write(translated.YAML); err != nil {
				return err
			}
			if translated.Routes == 0 {
				return errors.New("no route could be translated: set origin or routes before you use this")
			}
			return nil
		},
	}
}

// importFiles translates pushpin.conf and the routes, which may be left to it.
func importFiles(paths []string) (*pushpin.Translation, error) {
	conf, err := os.ReadFile(paths[0])
	if err != nil {
		return nil, err
	}
	settings := pushpin.ParseSettings(filepath.Base(paths[0]), string(conf))
	path := settings.RoutesFile()
	switch {
	case len(paths) > 1:
		path = paths[1]
	case !filepath.IsAbs(path):
		path = filepath.Join(filepath.Dir(paths[0]), path)
	}
	routes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return pushpin.Translate(settings, pushpin.ParseRoutes(filepath.Base(path), string(routes)))
}
