package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// The units that sizes are written in.
const (
	Byte Size = 1
	KiB       = 1024 * Byte
	MiB       = 1024 * KiB
	GiB       = 1024 * MiB
)

// sizeUnits lists the units from large to small.
func sizeUnits() []struct {
	name string
	size Size
} {
	return []struct {
		name string
		size Size
	}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", Byte}}
}

// ParseSize reads a whole number followed by B, KiB, MiB or GiB, as in 64MiB;
// without a unit the number counts bytes.
func ParseSize(text string) (Size, error) {
	digits, unit := text, Byte
	for _, u := range sizeUnits() {
		if number, found := strings.CutSuffix(text, u.name); found {
			digits, unit = strings.TrimSpace(number), u.size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	if n > math.MaxInt64/int64(unit) || n < math.MinInt64/int64(unit) {
		return 0, fmt.Errorf("%q is too large", text)
	}
	return Size(n) * unit, nil
}

// String writes s in the largest unit that divides it, so that ParseSize reads
// it back.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return "0B"
}
