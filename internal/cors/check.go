package cors

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// SiteError says what is wrong with an element of a list of sites, and what to
// do about it. Both are parts of sentences: the element comes before the first.
type SiteError struct{ Problem, Remedy string }

// Error joins the two.
func (e *SiteError) Error() string { return e.Problem + "; " + e.Remedy }

func wrong(text, problem, remedy string) error {
	return &SiteError{strconv.Quote(text) + " " + problem, remedy}
}

// CheckSite returns nil if text can stand in a list of sites, else a *SiteError.
// Browsers compare origins by their bytes, so what they would never send is
// refused here rather than never found.
func CheckSite(text string) error {
	if text == Everybody {
		return nil
	}
	if text == "null" {
		return wrong(text, "is what every sandboxed frame says of itself", "write '*', without credentials, if everybody may read")
	}
	if lower := strings.ToLower(text); lower != text {
		return wrong(text, "has capitals, which browsers do not send", "write "+lower)
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || !isScheme(scheme) {
		return wrong(text, "has no scheme", "write it as browsers do, as in https://app.example.com")
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return wrong(text, "has more than scheme, host and port", "write "+scheme+"://"+rest[:i])
	}
	host, port := splitPort(rest)
	if err := checkPort(text, scheme, host, port); err != nil {
		return err
	}
	if domain, wild := strings.CutPrefix(host, "*."); wild {
		return checkBelow(text, domain)
	}
	return checkHost(text, host)
}

// isScheme follows RFC 3986 §3.1.
func isScheme(text string) bool {
	return text != "" && 'a' <= text[0] && text[0] <= 'z' && !strings.ContainsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("+-.", r))
	})
}

// splitPort cuts off the port with its colon.
func splitPort(rest string) (host, port string) {
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

// defaultPort is the port of a scheme that browsers leave out, with its colon.
func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return ":80"
	case "https":
		return ":443"
	}
	return ""
}

func checkPort(text, scheme, host, port string) error {
	if port == "" {
		return nil
	}
	if port == defaultPort(scheme) {
		return wrong(text, "has the port that browsers leave out", "write "+scheme+"://"+host)
	}
	n, err := strconv.ParseUint(port[1:], 10, 16)
	if err != nil || n == 0 || port[1] == '0' {
		return wrong(text, "has no port after its colon", "write a number, as in http://localhost:3000")
	}
	return nil
}

// checkBelow looks at what *. stands before. Below a public suffix, such as
// co.uk or github.io, everybody can have a host. Names that are on no list, such
// as internal, are the network's own.
func checkBelow(text, domain string) error {
	if err := checkHost(text, domain); err != nil {
		return err
	}
	if _, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil {
		return wrong(text, "is about an address, which has no subdomains", "write the address alone")
	}
	suffix, listed := publicsuffix.PublicSuffix(domain)
	if suffix == domain && (listed || strings.Contains(domain, ".")) {
		return wrong(text, "lets everybody in: anyone can have a host below "+domain, "name the host below it")
	}
	return nil
}

func checkHost(text, host string) error {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || "["+address.String()+"]" != host {
			return wrong(text, "has no IPv6 address in its brackets as browsers write it", "write it as in http://[::1]:3000")
		}
		return nil
	}
	switch {
	case strings.Contains(host, "*"):
		return wrong(text, "has a * in the middle", "write it in front, as in https://*.example.com, or alone for everybody")
	case strings.ContainsFunc(host, func(r rune) bool { return r > 0x7f }):
		return wrong(text, "is not ASCII", "write the host as browsers send it, as in https://xn--bcher-kva.example")
	case !isName(host):
		return wrong(text, "has no host", "write it as browsers do, as in https://app.example.com")
	}
	return nil
}
