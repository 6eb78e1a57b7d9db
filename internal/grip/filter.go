package grip

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The filters that a channel of a hold can name.
const (
	SkipSelf   = "skip-self"   // not what the client itself has sent
	SkipUsers  = "skip-users"  // not what is for others only
	RequireSub = "require-sub" // not what needs a channel that the hold lacks
	BuildID    = "build-id"    // puts ids into the content
	VarSubst   = "var-subst"   // puts the client's meta into the content
)

// maxFilters bounds the filters of a channel (Pushpin's, since 2.0).
const maxFilters = 5

// Filters returns the names of all filters.
func Filters() []string { return []string{SkipSelf, SkipUsers, RequireSub, BuildID, VarSubst} }

// ChangesContent reports whether the filter with this name changes what it lets
// through.
func ChangesContent(name string) bool { return name == BuildID || name == VarSubst }

// checkFilters reports what cannot be done of what a channel's filters ask for.
// Leaving out one that is not known would send what should be held back.
func checkFilters(names []string) error {
	if len(names) > maxFilters {
		return fmt.Errorf("%d filters, at most %d are allowed", len(names), maxFilters)
	}
	for _, name := range names {
		if !slices.Contains(Filters(), name) {
			return fmt.Errorf("unknown filter %q: it is one of %s", name, strings.Join(Filters(), ", "))
		}
	}
	return nil
}

// contentFilters reads "content-filters" of a format: those that a stream must
// have to get the content, in order. It is nil where nothing is said, which is
// not the same as none.
func contentFilters(v raw, where string) ([]string, error) {
	if len(v) == 0 {
		return nil, nil
	}
	elements, ok := parseArray(v)
	if !ok {
		return nil, wrongType(where, "content-filters")
	}
	if len(elements) > maxFilters {
		return nil, errors.New(where + " contains too many 'content-filters'")
	}
	names := make([]string, 0, len(elements))
	for _, e := range elements {
		name, err := text(e, where, "content-filters")
		if err != nil {
			return nil, err
		}
		if !ChangesContent(name) {
			return nil, fmt.Errorf("%s contains unknown content filter %q: it is '%s' or '%s'", where, name, BuildID, VarSubst)
		}
		names = append(names, name)
	}
	return names, nil
}
