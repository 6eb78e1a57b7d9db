package proxy

import (
	"net/url"
	"slices"
	"strings"
)

// Routes are found by the path as the client sent it, and origins get it so. But an
// origin decodes it, resolves dot segments and may join slashes, and what it makes of
// the path is what the request is about. Were that another route's, a client could
// choose whose rules hold: /x/../admin would be for whoever has /, and so would
// /%61dmin. So a path has a route only if it has the same one when it is plain
// (RFC 3986 §6.2.2, and with what servers do beyond that).

// isPlain reports whether nobody can take path for another one.
func isPlain(path string) bool {
	return !strings.ContainsAny(path, `%\`) && !strings.Contains(path, "//") && !strings.Contains(path, "/.")
}

// plainPath is what an origin may take path for. It returns false if dot segments
// lead out of it.
func plainPath(path string) (plain string, ok bool) {
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	path = strings.ReplaceAll(path, `\`, "/")
	var kept []string
	segments := strings.Split(path, "/")
	for _, segment := range segments {
		name, _, _ := strings.Cut(segment, ";") // some servers overlook parameters
		switch {
		case segment == "" || name == ".":
		case name == "..":
			if len(kept) == 0 {
				return "", false
			}
			kept = kept[:len(kept)-1]
		default:
			kept = append(kept, segment)
		}
	}
	plain = "/" + strings.Join(kept, "/")
	if last := segments[len(segments)-1]; len(kept) > 0 && slices.Contains([]string{"", ".", ".."}, last) {
		plain += "/"
	}
	return plain, true
}
