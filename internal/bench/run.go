package bench

import (
	"context"
	"encoding/json"
	"io"
)

// Result is what came of several runs with the same settings.
type Result struct {
	Runs    []*Report `json:"runs"`
	Figures []Series  `json:"figures"` // over the runs
}

// Run measures cfg.Rounds times, after a warm-up if there is to be one, and
// writes the result to out, as tables or as JSON. It blocks for as long as that
// takes. The error is one of the configuration, the reason why nothing could be
// measured, or that of ctx or out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	var result Result
	for i := range max(1, cfg.Rounds) {
		one := cfg
		one.WarmUp = cfg.WarmUp && i == 0
		report, err := Measure(ctx, one)
		if err != nil {
			return err
		}
		result.Runs = append(result.Runs, report)
	}
	result.Figures = Summarize(result.Runs)
	if cfg.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(result)
	}
	return result.WriteTable(out)
}
