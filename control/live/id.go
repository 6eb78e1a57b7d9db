package live

import (
	"errors"
	"fmt"
	"strconv"
)

// ID is a stream's id. It is written as 16 hexadecimal digits.
type ID uint64

// String is the id as clients know it.
func (id ID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

var errID = errors.New("a stream's id is 16 hexadecimal digits")

// ParseID reads what String has written.
func ParseID(text string) (ID, error) {
	if len(text) != 16 {
		return 0, errID
	}
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil || ID(n).String() != text {
		return 0, errID
	}
	return ID(n), nil
}
