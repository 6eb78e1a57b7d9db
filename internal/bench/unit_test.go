package bench

import "testing"

func TestFiguresAreWrittenWithThreeDigits(t *testing.T) {
	tests := []struct {
		unit  Unit
		value float64
		want  string
	}{
		{Micros, 0.1234, "0.12 µs"},
		{Micros, 9.996, "10.0 µs"},
		{Micros, 99.96, "100 µs"},
		{Micros, 12_345, "12.3 ms"},
		{Micros, 3e6, "3.00 s"},
		{Bytes, 512, "512 B"},
		{Bytes, 1536, "1.50 KiB"},
		{Bytes, -3 << 20, "-3.00 MiB"},
		{PerSec, 438_000, "438 k/s"},
		{Times, 1.234, "1.23 ×"},
		{Number, 12, "12"},
	}
	for _, tt := range tests {
		if got := tt.unit.Format(tt.value); got != tt.want {
			t.Errorf("%v %q: %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}

func TestASeriesHasTheMedianAndTheSpread(t *testing.T) {
	for _, tt := range []struct {
		values            []float64
		median, low, high float64
	}{
		{[]float64{3}, 3, 3, 3},
		{[]float64{3, 1}, 2, 1, 3},
		{[]float64{9, 1, 2}, 2, 1, 9},
	} {
		if s := NewSeries("", Number, tt.values); s.Median != tt.median || s.Low != tt.low || s.High != tt.high {
			t.Errorf("%v: %+v", tt.values, s)
		}
	}
}
