package bench

import (
	"math/rand/v2"
	"testing"
)

func TestATallyTellsMissingFromLateAndDoubled(t *testing.T) {
	tests := map[string]struct {
		seen                           []int
		received, duplicates, late, to int
	}{
		"in order":                          {[]int{0, 1, 2}, 3, 0, 0, 3},
		"a hole":                            {[]int{0, 3}, 2, 0, 0, 4},
		"one that comes late":               {[]int{0, 2, 1}, 3, 0, 1, 3},
		"late out of the middle of a hole":  {[]int{4, 2, 1, 3, 0}, 5, 0, 4, 5},
		"one twice":                         {[]int{0, 1, 1}, 2, 1, 0, 2},
		"one twice, the second time late":   {[]int{0, 1, 2, 0}, 3, 1, 0, 3},
		"a late one twice":                  {[]int{1, 0, 0}, 2, 1, 1, 2},
		"a stream that starts in the midst": {[]int{7, 8}, 2, 0, 0, 9},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var y tally
			for _, seq := range tt.seen {
				y.see(seq)
			}
			if y.received != tt.received || y.duplicates != tt.duplicates || y.late != tt.late || y.next != tt.to {
				t.Errorf("received %d, duplicates %d, late %d, next %d; want %+v", y.received, y.duplicates, y.late, y.next, tt)
			}
		})
	}
}

func TestATallyAgreesWithASet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var y tally
		set, doubled := map[int]bool{}, 0
		for range 30 {
			seq := rnd.IntN(20)
			if set[seq] == y.see(seq) {
				t.Fatalf("see(%d) disagrees with %v", seq, set)
			}
			if set[seq] {
				doubled++
			}
			set[seq] = true
		}
		if y.received != len(set) || y.duplicates != doubled {
			t.Fatalf("received %d, duplicates %d; want %d, %d", y.received, y.duplicates, len(set), doubled)
		}
	}
}
