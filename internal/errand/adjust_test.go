package errand

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPaceCanBeAdjusted(t *testing.T) {
	tests := []struct {
		name       string
		concurrent int
		took       time.Duration // from then on, for the 12 of 16 that have not begun
	}{
		{"more at once", 12, 2 * time.Second}, // of which 4 places are taken for a second
		{"fewer at once", 1, 13 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := notes{took: time.Second}
				d := n.desk(Options{Concurrent: 4, PerSecond: 1e6})
				defer d.Close()
				for i := range 16 {
					d.Add("", strconv.Itoa(i), 0)
				}
				synctest.Wait()
				start := time.Now()
				d.Adjust(tt.concurrent, 1e6)
				if err := d.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start).Round(100 * time.Millisecond); took != tt.took || len(n.runs) != 16 {
					t.Errorf("%d ran in %v, want %v", len(n.runs), took, tt.took)
				}
			})
		})
	}
}

func TestErrandsBeginAtTheNewRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{}
		d := n.desk(Options{Concurrent: 1, PerSecond: 1})
		defer d.Close()
		d.Adjust(1, 100)
		start := time.Now()
		for i := range 101 {
			d.Add("", strconv.Itoa(i), 0)
		}
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start).Round(10 * time.Millisecond); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}
