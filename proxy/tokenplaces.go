package proxy

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// find returns the one token of r. Several are refused, wherever they stand: two
// readers might choose differently (RFC 6750 §2).
func (t *Tokens) find(r *http.Request) (string, *failure) {
	found := slices.Concat(t.inQuery(r.URL), t.inHeader(r.Header))
	if len(found) == 0 {
		found = t.inCookies(r)
	}
	switch len(found) {
	case 0:
		return "", &failure{TokenMissing, errors.New("no token")}
	case 1:
		return found[0], nil
	}
	return "", &failure{TokenAmbiguous, errors.New("the request has more than one token")}
}

func (t *Tokens) inQuery(u *url.URL) []string {
	if t.Query == "" {
		return nil
	}
	values, _ := cutParameter(u.RawQuery, t.Query)
	return values
}

func (t *Tokens) inHeader(h http.Header) (found []string) {
	if !t.Bearer {
		return nil
	}
	for _, value := range h["Authorization"] {
		if credentials, ok := bearer(value); ok && credentials != "" {
			found = append(found, credentials)
		}
	}
	return found
}

// bearer returns the credentials of an Authorization field with the scheme Bearer.
func bearer(value string) (credentials string, ok bool) {
	scheme, credentials, _ := strings.Cut(strings.TrimSpace(value), " ")
	return strings.TrimSpace(credentials), strings.EqualFold(scheme, "Bearer")
}

func (t *Tokens) inCookies(r *http.Request) (found []string) {
	if t.Cookie == "" {
		return nil
	}
	for _, c := range r.CookiesNamed(t.Cookie) {
		if c.Value != "" {
			found = append(found, c.Value)
		}
	}
	return found
}

// strip takes out of a request to an origin what may be a token for us.
func (t *Tokens) strip(out *http.Request) {
	if t.Query != "" {
		_, out.URL.RawQuery = cutParameter(out.URL.RawQuery, t.Query)
	}
	if t.Bearer {
		keep(out.Header, "Authorization", slices.DeleteFunc(out.Header["Authorization"], func(value string) bool {
			_, is := bearer(value)
			return is
		}))
	}
	if t.Cookie != "" {
		stripCookie(out.Header, t.Cookie)
	}
}

// keep leaves a header with these lines by a name.
func keep(h http.Header, name string, lines []string) {
	if len(lines) == 0 {
		delete(h, name)
		return
	}
	h[name] = lines
}

// stripCookie takes a cookie out, and leaves the others as they are written.
func stripCookie(h http.Header, name string) {
	var lines []string
	for _, line := range h["Cookie"] {
		pairs := slices.DeleteFunc(strings.Split(line, ";"), func(pair string) bool {
			own, _, _ := strings.Cut(pair, "=")
			return strings.TrimSpace(own) == name
		})
		if line = strings.TrimSpace(strings.Join(pairs, ";")); line != "" {
			lines = append(lines, line)
		}
	}
	keep(h, "Cookie", lines)
}

// cutParameter returns what a query has by a name, but for empty values, and the
// query without all of it. What is left is byte for byte as it was.
func cutParameter(query, name string) (values []string, rest string) {
	var kept []string
	for piece := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(piece, "=")
		if plainText(key) != name {
			kept = append(kept, piece)
			continue
		}
		if value = plainText(value); value != "" {
			values = append(values, value)
		}
	}
	return values, strings.Join(kept, "&")
}

// plainText is url.QueryUnescape for what may be badly escaped, which stays so.
func plainText(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// HideToken returns a query as it can be shown to others, with something else in the
// place of a token. t may be nil.
func (t *Tokens) HideToken(query, instead string) string {
	if t == nil || t.Query == "" {
		return query
	}
	values, rest := cutParameter(query, t.Query)
	if values == nil {
		return query
	}
	hidden := url.QueryEscape(t.Query) + "=" + instead
	if rest == "" {
		return hidden
	}
	return rest + "&" + hidden
}
