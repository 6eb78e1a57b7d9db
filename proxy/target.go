package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// rawPath returns the path of r exactly as the client sent it. The request
// target may be in absolute form (RFC 9112 §3.2.2).
func rawPath(r *http.Request) string {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		target = afterAuthority(target)
	}
	path, _, _ := strings.Cut(target, "?")
	return or(path, "/")
}

func afterAuthority(target string) string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return target // asterisk form, or authority form, which is refused
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:]
	}
	return ""
}

// originPath returns the path for the origin of a request for path.
func (rt *route) originPath(path string) string {
	if rt.RewritePrefix == "" {
		return path
	}
	rest := strings.TrimPrefix(path[len(rt.PathPrefix):], "/")
	base := strings.TrimSuffix(rt.RewritePrefix, "/")
	if rest == "" && !strings.HasSuffix(path, "/") {
		return or(base, "/")
	}
	return base + "/" + rest
}

// setTarget makes u, a copy of in, ask for path byte for byte. url.URL would
// escape bytes that RFC 3986 does not allow in a path (as in /a|b), except in
// its opaque part, which in turn cannot start with two slashes. So a path that
// does both, and only such a path, arrives escaped. A space, which HTTP/2 and
// HTTP/3 let through, would end the target in the origin's request line.
func setTarget(u, in *url.URL, path string) {
	path = escapeSpaces(path)
	u.RawQuery = escapeSpaces(in.RawQuery) // ReverseProxy takes out what it cannot parse
	u.Opaque = path
	if strings.HasPrefix(path, "//") {
		u.Opaque = ""
		u.RawPath = path
		u.Path, _ = url.PathUnescape(path) // net/http has parsed it already
	}
}

func escapeSpaces(s string) string { return strings.ReplaceAll(s, " ", "%20") }
