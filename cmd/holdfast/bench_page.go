package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-proxy/holdfast/internal/bench/compare"
)

// benchPageCommand makes a page of a comparison.
func benchPageCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "page FILE",
		Short: "Make a page of a comparison",
		Long: `Write what 'holdfast bench peers' has found out as a page of Markdown. It says
where Holdfast is not the best.`,
		Example: `  holdfast bench page docs/benchmarks.json > docs/benchmarks.md`,
		Args:    asUsed,
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			doc, err := compare.Read(file)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return doc.WritePage(cmd.OutOrStdout())
		},
	}
}
