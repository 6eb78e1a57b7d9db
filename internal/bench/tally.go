package bench

// A tally is what one stream has seen of its channel's numbers, which count
// from 0 without a hole. It tells what is missing from what comes late. One
// goroutine owns it. The zero value has seen nothing.
type tally struct {
	next  int    // the lowest number that is above everything seen
	holes []hole // what was skipped and has not come since, ascending

	received   int // each number once
	duplicates int
	late       int // came after a higher number
}

// hole is the numbers from first to last.
type hole struct{ first, last int }

// see takes the number of an event that has arrived and reports whether it was
// the first with that number.
func (t *tally) see(seq int) bool {
	switch {
	case seq == t.next:
		t.next++
	case seq > t.next:
		t.holes = append(t.holes, hole{t.next, seq - 1})
		t.next = seq + 1
	case t.fill(seq):
		t.late++
	default:
		t.duplicates++
		return false
	}
	t.received++
	return true
}

// fill takes seq out of its hole; false if it is in none.
func (t *tally) fill(seq int) bool {
	for i, h := range t.holes {
		if seq < h.first || seq > h.last {
			continue
		}
		var rest []hole
		if seq > h.first {
			rest = append(rest, hole{h.first, seq - 1})
		}
		if seq < h.last {
			rest = append(rest, hole{seq + 1, h.last})
		}
		t.holes = append(t.holes[:i], append(rest, t.holes[i+1:]...)...)
		return true
	}
	return false
}
