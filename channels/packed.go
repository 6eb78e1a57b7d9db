package channels

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// packed is the log of a channel that nobody has held for a while: everything that
// it knows, as bytes without pointers. A log is some five objects that the
// garbage collector must find and mark in every cycle, and a process remembers
// 100,000 channels; packed it is one that the collector does not look into, and a
// third of the memory.
//
// It begins with the name, so that the shard's key for it lies in the same bytes, and
// with what a Digest tells; the rest is read by unpack alone.
type packed string

// packLimit is how many bytes a log may have that is packed. A larger one has few
// objects for its size, and would be long in the making when somebody comes.
const packLimit = 4 << 10

// placeCost is what a channel's places in its shard's maps cost, and packedCost what a
// packed log costs besides its bytes.
const (
	placeCost  = 160
	packedCost = placeCost
)

// digest is what a packed log tells without being unpacked.
type digest struct {
	name        string
	entries     int
	bytes       int64
	first, last uint64 // the seqs of the oldest and the newest entry
	expires     int64  // when the oldest entry will be too old, UnixNano; 0: never
}

// cost is what the memory limit is charged.
func (p packed) cost() int64 { return packedCost + int64(len(p)) }

// name is the channel's name, in the bytes of p.
func (p packed) name() string {
	r := unpacker{rest: string(p)}
	return r.string()
}

// digest reads the beginning of p.
func (p packed) digest() digest {
	r := unpacker{rest: string(p)}
	return r.digest()
}

// outdated reports whether p has an entry that is too old.
func (p packed) outdated(now time.Time) bool {
	d := p.digest()
	return d.expires != 0 && d.expires < now.UnixNano()
}

// pack appends the log, which nobody holds, to dst. It returns false if it must stay
// as it is: it is too large, or waits for its history.
func (l *Log) pack(dst []byte) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes+int64(l.ring.n)*entryCost/2 > packLimit || l.filled != nil && !l.isFilledLocked() {
		return dst, false
	}
	w := packer{dst}
	w.digest(l)
	w.string(l.last)
	w.uint(l.floor)
	w.uint(uint64(l.floorLate))
	w.bool(l.below != nil)
	if l.below != nil {
		w.bytes(l.below.ids)
		w.bytes(l.below.item)
	}
	w.uint(l.ring.base)
	for i := l.ring.base; i < l.ring.end(); i++ {
		w.entry(l.ring.at(i))
	}
	return w.buf, true
}

// unpack restores what pack has written into l, a log that has nothing but its fixed
// fields.
func (l *Log) unpack(p packed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := unpacker{rest: string(p)}
	d := r.digest()
	l.last = string([]byte(r.string())) // not p's
	l.floor = r.uint()
	l.floorLate = uint32(r.uint())
	if r.bool() {
		l.below = &below{ids: r.bytes(), item: r.bytes()}
	}
	l.bytes = d.bytes
	l.ring.base = r.uint()
	if d.entries > 0 {
		l.ring.resize(1 << bits.Len(uint(d.entries-1)))
	}
	for range d.entries {
		l.ring.push(r.entry())
	}
	l.charged = p.cost()
	l.chargeLocked()
}

// packer writes, and unpacker reads, numbers and bytes one after the other.
type packer struct{ buf []byte }

func (w *packer) uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *packer) bool(b bool) {
	if b {
		w.uint(1)
		return
	}
	w.uint(0)
}

func (w *packer) string(s string) {
	w.uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *packer) bytes(b []byte) {
	w.uint(uint64(len(b)))
	w.buf = append(w.buf, b...)
}

func (w *packer) span(s Span) {
	w.uint(uint64(s.Off))
	w.uint(uint64(s.Len))
}

func (w *packer) digest(l *Log) {
	d := digest{name: l.name, entries: l.ring.n, bytes: l.bytes}
	if d.entries > 0 {
		oldest := l.ring.at(l.ring.base)
		d.first, d.last = oldest.seq, l.ring.at(l.ring.end()-1).seq
		if l.limits.Age > 0 {
			d.expires = oldest.at + int64(l.limits.Age)
		}
	}
	w.string(d.name)
	w.uint(uint64(d.entries))
	w.uint(uint64(d.bytes))
	w.uint(d.first)
	w.uint(d.last)
	w.uint(uint64(d.expires))
}

// entry writes e but for what only live readers give it.
func (w *packer) entry(e *Entry) {
	w.uint(e.seq)
	w.uint(uint64(e.at))
	w.bytes(e.buf)
	for f := range e.forms {
		w.span(e.forms[f])
		w.uint(uint64(e.actions[f]))
	}
	w.span(e.itemID)
	w.span(e.prevID)
	w.span(e.ids)
	w.uint(uint64(e.tag))
	w.bool(e.gap)
	w.bool(e.orphan)
	w.uint(uint64(e.late))
}

type unpacker struct{ rest string }

func (r *unpacker) uint() (n uint64) {
	for i := range len(r.rest) {
		b := r.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	panic("channels: a packed log is cut off")
}

func (r *unpacker) bool() bool { return r.uint() != 0 }

// string returns a part of what is read; bytes returns a copy, nil if it is empty.
func (r *unpacker) string() string {
	n := r.uint()
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *unpacker) bytes() []byte { return append([]byte(nil), r.string()...) }

func (r *unpacker) span() Span {
	off := r.uint()
	return Span{Off: uint32(off), Len: uint32(r.uint())}
}

func (r *unpacker) digest() digest {
	d := digest{name: r.string(), entries: int(r.uint()), bytes: int64(r.uint())}
	d.first, d.last, d.expires = r.uint(), r.uint(), int64(r.uint())
	return d
}

func (r *unpacker) entry() Entry {
	e := Entry{seq: r.uint(), at: int64(r.uint()), buf: r.bytes()}
	for f := range e.forms {
		e.forms[f] = r.span()
		e.actions[f] = Action(r.uint())
	}
	e.itemID, e.prevID, e.ids = r.span(), r.span(), r.span()
	e.tag = uint32(r.uint())
	e.gap, e.orphan = r.bool(), r.bool()
	e.late = uint32(r.uint())
	return e
}
