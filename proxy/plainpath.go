package proxy

import (
	"net/url"
	"strings"
)

// Routes are found by the path as the client sent it, and origins get it so. But an
// origin decodes it, resolves dot segments and may join slashes, and what it makes of
// the path is what the request is about. Were that another route's, a client could
// choose whose rules hold: /x/../admin would be for whoever has /, and so would
// /%61dmin. So a path has a route only if it has the same one when it is plain
// (RFC 3986 §6.2.2, and with what servers do beyond that). Some of them cut off the
// parameters of segments, so that /admin;x is /admin: it must have the same route
// without them, too.

// pathForm says what was made of a path before it is compared with prefixes.
type pathForm int

const (
	pathAsSent pathForm = iota
	pathPlain           // by plainPath
	pathBare            // by barePath
	pathForms
)

// prefixForms returns a route's prefix in all forms.
func prefixForms(prefix string) (forms [pathForms]string) {
	forms[pathAsSent] = prefix
	forms[pathPlain], _ = plainPath(prefix)
	forms[pathBare], _ = barePath(prefix)
	return forms
}

// isPlain reports whether nobody can take path for another one.
func isPlain(path string) bool {
	return !strings.ContainsAny(path, `%\;`) && !strings.Contains(path, "//") && !strings.Contains(path, "/.")
}

// plainPath is what an origin may take path for. It returns false if dot segments
// lead out of it.
func plainPath(path string) (plain string, ok bool) {
	return resolvePath(path, func(segment string) string { return segment })
}

// barePath is what an origin may take path for that cuts parameters off first.
func barePath(path string) (bare string, ok bool) { return resolvePath(path, withoutParameters) }

func withoutParameters(segment string) string {
	name, _, _ := strings.Cut(segment, ";")
	return name
}

// resolvePath decodes path and resolves its dot segments. keep says what is kept of
// the segments.
func resolvePath(path string, keep func(segment string) string) (resolved string, ok bool) {
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	path = strings.ReplaceAll(path, `\`, "/")
	var kept []string
	last := ""
	for segment := range strings.SplitSeq(path, "/") {
		last = keep(segment)
		switch withoutParameters(segment) { // they hide no dots
		case ".":
			last = ""
		case "..":
			if len(kept) == 0 {
				return "", false
			}
			kept, last = kept[:len(kept)-1], ""
		}
		if last != "" {
			kept = append(kept, last)
		}
	}
	resolved = "/" + strings.Join(kept, "/")
	if last == "" && len(kept) > 0 {
		resolved += "/"
	}
	return resolved, true
}
