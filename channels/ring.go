package channels

import "sort"

// ring is a queue of entries that grows from nothing in powers of two and
// shrinks again. Entries are addressed by index, which counts every entry
// that the log ever had.
type ring struct {
	slots []Entry // the entry with index i is at i modulo the length
	base  uint64  // index of the oldest entry
	n     int
}

// end is the index that the next entry will have.
func (r *ring) end() uint64 { return r.base + uint64(r.n) }

// at returns the entry with index i, which must be in the ring.
func (r *ring) at(i uint64) *Entry { return &r.slots[i&uint64(len(r.slots)-1)] }

// push appends e and returns the slot it is in.
func (r *ring) push(e Entry) *Entry {
	if r.n == len(r.slots) {
		r.resize(max(1, 2*len(r.slots)))
	}
	r.n++
	slot := r.at(r.end() - 1)
	*slot = e
	return slot
}

// drop removes the oldest entry, of which the ring must have one.
func (r *ring) drop() {
	*r.at(r.base) = Entry{}
	r.base++
	r.n--
	if len(r.slots) > 4 && r.n <= len(r.slots)/4 {
		r.resize(len(r.slots) / 2)
	}
}

func (r *ring) resize(size int) {
	old := *r
	r.slots = make([]Entry, size)
	for i := old.base; i < old.end(); i++ {
		*r.at(i) = *old.at(i)
	}
}

// after returns the index of the first entry whose seq is above seq.
func (r *ring) after(seq uint64) uint64 {
	k := sort.Search(r.n, func(k int) bool { return r.at(r.base+uint64(k)).seq > seq })
	return r.base + uint64(k)
}

// since returns the index of the first entry appended at or after at (UnixNano).
func (r *ring) since(at int64) uint64 {
	k := sort.Search(r.n, func(k int) bool { return r.at(r.base+uint64(k)).at >= at })
	return r.base + uint64(k)
}
