package bench

import (
	"bytes"
	"strconv"
	"time"
)

// A stamp is what an event's data starts with: "hf1 RUN CHANNEL SEQ NANOS ",
// numbers in decimal.
type stamp struct {
	run     string        // no space in it
	channel int           // which channel, from 0
	seq     int           // which of the channel's events, from 0
	sent    time.Duration // since the run began
}

// stampMax is the longest stamp: three numbers of up to 19 digits.
const stampMax = 96

// appendTo appends the stamp and fills up to size bytes of data in all.
func (s stamp) appendTo(dst []byte, size int) []byte {
	start := len(dst)
	dst = append(dst, "hf1 "...)
	dst = append(dst, s.run...)
	for _, n := range [...]int64{int64(s.channel), int64(s.seq), int64(s.sent)} {
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, ' ')
	for len(dst)-start < size {
		dst = append(dst, '.')
	}
	return dst
}

// parseStamp reads the stamp of an event of that run. It reports false for
// every other data.
func parseStamp(data []byte, run string) (s stamp, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte("hf1 "))
	if !ok {
		return s, false
	}
	name, rest, _ := bytes.Cut(rest, []byte(" "))
	if string(name) != run {
		return s, false
	}
	var n [3]int64
	for i := range n {
		var digits []byte
		digits, rest, ok = bytes.Cut(rest, []byte(" "))
		if !ok {
			return s, false
		}
		v, err := strconv.ParseInt(string(digits), 10, 64) // does not allocate
		if err != nil || v < 0 {
			return s, false
		}
		n[i] = v
	}
	return stamp{run, int(n[0]), int(n[1]), time.Duration(n[2])}, true
}
