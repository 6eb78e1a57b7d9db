package bench

import (
	"slices"
	"testing"
)

func TestEveryStreamIsInOnePartOfAJob(t *testing.T) {
	for clients := 1; clients <= 7; clients++ {
		next := 0
		for _, part := range (job{Count: 100, Streams: 100, Concurrency: 3}).split(clients) {
			if part.First != next || part.Concurrency < 1 || part.Streams != 100 {
				t.Errorf("%d clients: %+v begins before or after %d", clients, part, next)
			}
			next = part.First + part.Count
		}
		if next != 100 {
			t.Errorf("%d clients open %d streams", clients, next)
		}
	}
}

func TestAsManyStreamsAreStuckAsIsAskedFor(t *testing.T) {
	for stuck := range 11 {
		j, n := job{Streams: 10, Stuck: stuck}, 0
		for i := range 10 {
			if j.stuck(i) {
				n++
			}
		}
		if n != stuck {
			t.Errorf("%d are stuck, want %d", n, stuck)
		}
	}
}

func TestWhatAStreamFollows(t *testing.T) {
	tests := map[string]struct {
		job    job
		want   []int // of stream 3
		shared int
	}{
		"the one channel":                {job{Common: -1}, []int{0}, 0},
		"its own channel":                {job{PerStream: true, Common: -1}, []int{3}, -1},
		"its own and the common channel": {job{PerStream: true, Common: 10}, []int{3, 10}, 10},
		"both of two":                    {job{Common: 1}, []int{0, 1}, 0},
	}
	for name, tt := range tests {
		if got := tt.job.follows(3); !slices.Equal(got, tt.want) || tt.job.shared() != tt.shared {
			t.Errorf("%s: follows %v, want %v; shared %d, want %d", name, got, tt.want, tt.job.shared(), tt.shared)
		}
	}
}
