package proxy

import (
	"net/http"
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

// detailFor is detail for an answer that pages of every site may read where the
// route does not say which may: those of other sites are told nothing then.
func (x *exchange) detailFor(r *http.Request, f *failure) string {
	if r.Header.Get("Origin") != "" && x.route.policy == nil {
		return ""
	}
	return x.detail(f)
}
