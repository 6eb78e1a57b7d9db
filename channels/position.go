package channels

import (
	"crypto/rand"
	"crypto/sha256"
	"strconv"
	"strings"
)

// Position is a place in the total order of everything published. It is
// written <epoch>-<seq>. Positions of different epochs cannot be compared.
type Position struct {
	// Epoch identifies the order that Seq counts in. See NewEpoch.
	Epoch string
	// Seq counts from 1; 0 is the place before everything.
	Seq uint64
}

const (
	epochLen      = 12
	positionLen   = epochLen + 1 + 20 // at most
	epochAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
)

// NewEpoch returns a random epoch of 12 characters, 60 bits.
func NewEpoch() string {
	var b [epochLen]byte
	rand.Read(b[:]) // never fails since Go 1.24
	for i := range b {
		b[i] = epochAlphabet[b[i]%32]
	}
	return string(b[:])
}

// DeriveEpoch returns an epoch that depends on seed alone.
func DeriveEpoch(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	b := sum[:epochLen]
	for i := range b {
		b[i] = epochAlphabet[b[i]%32]
	}
	return string(b)
}

// IsZero reports whether p is the zero Position, which is no place at all.
func (p Position) IsZero() bool { return p == Position{} }

// String returns <epoch>-<seq>.
func (p Position) String() string {
	var room [positionLen]byte
	return string(p.AppendTo(room[:0]))
}

// MarshalText implements encoding.TextMarshaler by String.
func (p Position) MarshalText() ([]byte, error) { return p.AppendTo(nil), nil }

// AppendTo appends the written form of p to dst.
func (p Position) AppendTo(dst []byte) []byte {
	dst = append(dst, p.Epoch...)
	dst = append(dst, '-')
	return strconv.AppendUint(dst, p.Seq, 10)
}

// ParsePosition reads the written form of a position. It reports false for
// everything that String cannot have written.
func ParsePosition(s string) (Position, bool) {
	if len(s) < epochLen+2 || s[epochLen] != '-' {
		return Position{}, false
	}
	epoch, digits := s[:epochLen], s[epochLen+1:]
	for i := range len(epoch) {
		if strings.IndexByte(epochAlphabet, epoch[i]) < 0 {
			return Position{}, false
		}
	}
	if digits[0] == '+' || len(digits) > 1 && digits[0] == '0' {
		return Position{}, false
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return Position{}, false
	}
	return Position{Epoch: epoch, Seq: seq}, true
}
