package bench

import "encoding/json"

// histogramJSON is a histogram on its way between processes: the buckets that
// are not empty.
type histogramJSON struct {
	Counts map[int]uint64 `json:"counts"`
	Sum    int64          `json:"sum"`
	Max    int64          `json:"max"`
}

func (h *histogram) MarshalJSON() ([]byte, error) {
	j := histogramJSON{map[int]uint64{}, h.sum.Load(), h.max.Load()}
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			j.Counts[i] = n
		}
	}
	return json.Marshal(j)
}

func (h *histogram) UnmarshalJSON(text []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	for i, n := range j.Counts {
		if i >= 0 && i < buckets {
			h.counts[i].Store(n)
		}
	}
	h.sum.Store(j.Sum)
	h.max.Store(j.Max)
	return nil
}

// merge adds what another has counted; nobody may add to that meanwhile.
func (h *histogram) merge(other *histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	h.sum.Add(other.sum.Load())
	h.max.Store(max(h.max.Load(), other.max.Load()))
}
