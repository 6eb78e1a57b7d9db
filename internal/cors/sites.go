package cors

import (
	"slices"
	"strings"
)

// Everybody is the element of a list that stands for every site.
const Everybody = "*"

// Sites is a list of origins of pages. The zero value has none. It is immutable
// after ParseSites.
type Sites struct {
	all   bool
	exact []string
	below []below
}

// below is the origins of all hosts below one, as in https://*.example.com.
type below struct {
	scheme string // "https://"
	suffix string // ".example.com", with its port if it has one
}

// ParseSites reads a list of origins. The error is a *SiteError, about the first
// element that is none.
func ParseSites(list []string) (Sites, error) {
	var s Sites
	for _, text := range list {
		if err := CheckSite(text); err != nil {
			return Sites{}, err
		}
		switch scheme, host, wild := strings.Cut(text, "*"); {
		case text == Everybody:
			s.all = true
		case wild:
			s.below = append(s.below, below{scheme, host})
		default:
			s.exact = append(s.exact, text)
		}
	}
	return s, nil
}

// Has reports whether origin, as a browser sends it, is in the list. No list has
// the empty one.
func (s *Sites) Has(origin string) bool { return origin != "" && (s.all || s.Names(origin)) }

// Names reports whether origin is in the list by its name, not by Everybody.
func (s *Sites) Names(origin string) bool {
	return slices.Contains(s.exact, origin) ||
		slices.ContainsFunc(s.below, func(b below) bool { return b.has(origin) })
}

func (b below) has(origin string) bool {
	rest, ok := strings.CutPrefix(origin, b.scheme)
	if !ok {
		return false
	}
	name, ok := strings.CutSuffix(rest, b.suffix)
	return ok && isName(name)
}

// isName reports whether text is a host name as browsers write it: labels of
// lower-case ASCII with dots between them.
func isName(text string) bool {
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

func notInLabel(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_')
}
