package bench

import (
	"math"
	"testing"
	"time"
)

func TestABucketIsAtMostAThirtySecondWide(t *testing.T) {
	for _, n := range []uint64{0, 1, 63, 64, 65, 127, 128, 1000, 123_456, 1e9, 1e12, math.MaxInt64} {
		b := bucketOf(n)
		if b < 0 || b >= buckets {
			t.Fatalf("bucketOf(%d) = %d of %d", n, b, buckets)
		}
		if m := middle(b); bucketOf(m) != b || math.Abs(float64(m)-float64(n)) > float64(n)/32 {
			t.Errorf("%d is counted as %d", n, m)
		}
	}
}

func TestBucketsAscend(t *testing.T) {
	for b := 1; b < buckets; b++ {
		if middle(b) <= middle(b-1) {
			t.Fatalf("bucket %d is at %d, the one before at %d", b, middle(b), middle(b-1))
		}
	}
}

func TestASummaryIsCloseToTheTruth(t *testing.T) {
	var h histogram
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Microsecond)
	}
	s := h.summary()
	for name, v := range map[string][2]float64{
		"mean": {s.Mean, 500.5}, "p50": {s.P50, 500}, "p90": {s.P90, 900}, "p99": {s.P99, 990}, "max": {s.Max, 1000},
	} {
		if math.Abs(v[0]-v[1]) > v[1]/32 {
			t.Errorf("%s = %v, want about %v", name, v[0], v[1])
		}
	}
	if s.Count != 1000 {
		t.Errorf("count = %d", s.Count)
	}
}

func TestNothingHasAnEmptySummary(t *testing.T) {
	var h histogram
	if s := h.summary(); s != (Summary{}) {
		t.Errorf("summary = %+v", s)
	}
}
