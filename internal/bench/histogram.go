package bench

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram counts durations in buckets that are 1/32 of their value wide,
// so that every quantile is good to about 3 %. All methods may be called at the
// same time. The zero value is empty.
type histogram struct {
	counts [buckets]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
	max    atomic.Int64 // nanoseconds
}

const (
	subBits = 5 // 32 buckets for each power of two
	buckets = (64 - subBits) << subBits
)

// add counts d; below zero counts as zero.
func (h *histogram) add(d time.Duration) {
	n := max(int64(d), 0)
	h.counts[bucketOf(uint64(n))].Add(1)
	h.sum.Add(n)
	for old := h.max.Load(); n > old; old = h.max.Load() {
		if h.max.CompareAndSwap(old, n) {
			return
		}
	}
}

// bucketOf maps the numbers below 64 to themselves, and then each power of two
// to 32 buckets.
func bucketOf(n uint64) int {
	shift := max(bits.Len64(n)-subBits-1, 0)
	return shift<<subBits + int(n>>shift)
}

// middle is the number in the middle of a bucket.
func middle(bucket int) uint64 {
	shift := max(bucket>>subBits-1, 0)
	low := uint64(bucket-shift<<subBits) << shift
	return low + (1<<shift)/2
}

// Summary is what is reported of many durations, in microseconds.
type Summary struct {
	Count uint64  `json:"count"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P90   float64 `json:"p90_us"`
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
}

func (h *histogram) summary() Summary {
	var s Summary
	for i := range h.counts {
		s.Count += h.counts[i].Load()
	}
	if s.Count == 0 {
		return s
	}
	s.Mean = float64(h.sum.Load()) / float64(s.Count) / 1000
	s.Max = float64(h.max.Load()) / 1000
	s.P50 = min(h.quantile(0.50, s.Count), s.Max)
	s.P90 = min(h.quantile(0.90, s.Count), s.Max)
	s.P99 = min(h.quantile(0.99, s.Count), s.Max)
	return s
}

// quantile returns the duration, in microseconds, that a share q of all count
// durations does not exceed.
func (h *histogram) quantile(q float64, count uint64) float64 {
	rank := uint64(q*float64(count-1)) + 1
	var seen uint64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return float64(middle(i)) / 1000
		}
	}
	return 0
}
