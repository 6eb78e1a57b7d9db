package bench

import "fmt"

// Format writes a value of the unit with three digits, for people.
func (u Unit) Format(v float64) string {
	switch u {
	case Micros:
		return scale(v, []step{{1, "µs"}, {1e3, "ms"}, {1e6, "s"}})
	case Bytes:
		return scale(v, []step{{1, "B"}, {1 << 10, "KiB"}, {1 << 20, "MiB"}})
	case PerSec:
		return scale(v, []step{{1, "/s"}, {1e3, "k/s"}, {1e6, "M/s"}})
	case Times:
		return digits(v) + " ×"
	}
	return fmt.Sprintf("%.0f", v)
}

// step is a unit and how many of the smallest it is.
type step struct {
	size float64
	name string
}

// scale writes v in the largest unit of which there is at least one.
func scale(v float64, steps []step) string {
	best := steps[0]
	for _, s := range steps {
		if max(v, -v) >= s.size {
			best = s
		}
	}
	return digits(v/best.size) + " " + best.name
}

// digits writes three digits, and no more after the point than that leaves.
func digits(v float64) string {
	switch a := max(v, -v); {
	case a >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
