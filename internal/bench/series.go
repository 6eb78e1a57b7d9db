package bench

import "slices"

// A Series is one figure over several runs. Its spread is from the lowest to the
// highest.
type Series struct {
	Name   string    `json:"name"`
	Unit   Unit      `json:"unit"`
	Median float64   `json:"median"`
	Low    float64   `json:"low"`
	High   float64   `json:"high"`
	Values []float64 `json:"values"` // in the order of the runs
}

// NewSeries makes a series of a figure's values. It keeps them.
func NewSeries(name string, unit Unit, values []float64) Series {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Series{name, unit, (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1], values}
}

// Summarize returns each figure of the reports, in their order. A figure that
// some reports do not have is of those that do.
func Summarize(reports []*Report) []Series {
	var order []Figure
	values := map[string][]float64{}
	for _, r := range reports {
		for _, f := range r.Figures() {
			if values[f.Name] == nil {
				order = append(order, f)
			}
			values[f.Name] = append(values[f.Name], f.Value)
		}
	}
	all := make([]Series, len(order))
	for i, f := range order {
		all[i] = NewSeries(f.Name, f.Unit, values[f.Name])
	}
	return all
}
