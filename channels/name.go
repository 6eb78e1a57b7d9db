package channels

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest channel name, in bytes.
const MaxName = 255

// NameError says why a channel name is refused.
type NameError struct {
	Name    string
	Problem string
}

// Error quotes the name, cut to 64 bytes, and says what is wrong with it.
func (e *NameError) Error() string {
	name := e.Name
	if len(name) > 64 {
		name = name[:64] + "..."
	}
	return fmt.Sprintf("channel name %q: %s", name, e.Problem)
}

// CheckName reports whether name can be a channel: 1 to 255 bytes of UTF-8
// without control characters. The error is a *NameError.
func CheckName(name string) error {
	switch {
	case name == "":
		return &NameError{name, "is empty"}
	case len(name) > MaxName:
		return &NameError{name, fmt.Sprintf("is %d bytes long, at most %d are allowed", len(name), MaxName)}
	case !utf8.ValidString(name):
		return &NameError{name, "is not valid UTF-8"}
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return &NameError{name, fmt.Sprintf("contains the control character %U", r)}
		}
	}
	return nil
}
