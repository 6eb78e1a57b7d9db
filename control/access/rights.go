package access

import (
	"fmt"
	"strings"
)

// Rights are kinds of things that a token is good for.
type Rights uint8

// The rights. None implies another.
const (
	// Publish: publishing, and having origins asked for what is missed.
	Publish Rights = 1 << iota
	// Read: looking at channels and metrics.
	Read
	// Admin: what interferes with streams or shows the inside of the process.
	Admin

	// Any is needed for what every bearer of a token may do.
	Any Rights = 0
	// All are all of them.
	All = Publish | Read | Admin
)

// rightNames has the names in the order of the bits.
func rightNames() []string { return []string{"publish", "read", "admin"} }

// ParseRight returns the right of a name: publish, read or admin.
func ParseRight(name string) (Rights, error) {
	for i, known := range rightNames() {
		if name == known {
			return 1 << i, nil
		}
	}
	return Any, fmt.Errorf("%q is no right; there are %s", name, strings.Join(rightNames(), ", "))
}

// ParseRights returns the rights of several names.
func ParseRights(names []string) (Rights, error) {
	var all Rights
	for _, name := range names {
		r, err := ParseRight(name)
		if err != nil {
			return Any, err
		}
		all |= r
	}
	return all, nil
}

// Has reports whether all that is needed is among rs.
func (rs Rights) Has(needed Rights) bool { return rs&needed == needed }

// String lists the names, with spaces between them, as OAuth does with scopes
// (RFC 6749 §3.3).
func (rs Rights) String() string {
	var names []string
	for i, name := range rightNames() {
		if rs.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
