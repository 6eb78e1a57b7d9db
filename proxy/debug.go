package proxy

import (
	"strings"
	"unicode"
)

// detail is what the client is told of f beside its reason: nothing, unless the
// route is there for finding faults. It is one line of text.
func (x *exchange) detail(f *failure) string {
	if x.route == nil || !x.route.Debug {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, f.Error())
}
