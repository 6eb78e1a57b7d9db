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

// Summarize returns each figure of the reports, in their order. A figure that
// some reports do not have is of those that do.
func Summarize(reports []*Report) []Series {
	var all []Series
	index := map[string]int{}
	for _, r := range reports {
		for _, f := range r.Figures() {
			i, ok := index[f.Name]
			if !ok {
				i = len(all)
				index[f.Name] = i
				all = append(all, Series{Name: f.Name, Unit: f.Unit})
			}
			all[i].Values = append(all[i].Values, f.Value)
		}
	}
	for i := range all {
		all[i].judge()
	}
	return all
}

func (s *Series) judge() {
	sorted := slices.Sorted(slices.Values(s.Values))
	n := len(sorted)
	s.Low, s.High = sorted[0], sorted[n-1]
	s.Median = (sorted[(n-1)/2] + sorted[n/2]) / 2
}
