package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// link is where more of a response can be had, or where its end is told (GRIP:
// Grip-Link). It leads to an origin of the route and nowhere else: what an origin
// says must not make us ask somebody behind our firewall.
type link struct {
	path, query string
	origin      *url.URL // who is asked; nil: the route's origins, in order
	timeout     time.Duration
}

// linkBase is what links are relative to: a request as the origin saw it, whose
// paths are the origin's own, not those of a route that rewrites them.
type linkBase struct {
	url    *url.URL
	origin *url.URL // see link
}

func newLinkBase(req *http.Request, origin *url.URL) (linkBase, error) {
	host := or(req.Host, req.URL.Host)
	u, err := url.Parse(req.URL.Scheme + "://" + host + or(req.URL.Opaque, req.URL.EscapedPath()))
	if err != nil {
		return linkBase{}, err
	}
	u.RawQuery = req.URL.RawQuery
	return linkBase{u, origin}, nil
}

// links are what an instruction has of them; nil if there is none. Of several the
// last one counts.
type links struct{ next, gone *link }

// links resolves the links of an instruction in the answer to req, which went to
// origin, or to any of the route's if that is nil. The error says which of them
// leads nowhere.
func (rt *route) links(in *grip.Instruction, req *http.Request, origin *url.URL) (found links, err error) {
	if len(in.Links) == 0 {
		return found, nil
	}
	base, err := newLinkBase(req, origin)
	if err != nil {
		return found, fmt.Errorf("Grip-Link: %w", err)
	}
	for _, l := range in.Links {
		to, err := rt.resolve(l.URI, base)
		if err != nil {
			return links{}, fmt.Errorf("Grip-Link with rel=%s: %w", l.Rel, err)
		}
		to.timeout = l.Timeout
		if l.Rel == "gone" {
			found.gone = to
		} else {
			found.next = to
		}
	}
	return found, nil
}

// resolve finds where a reference leads. With the host of the request that the
// origin saw it leads back there, whatever the scheme: TLS may have ended before.
func (rt *route) resolve(ref string, base linkBase) (*link, error) {
	u, err := base.url.Parse(ref)
	if err != nil {
		return nil, errors.Unwrap(err) // *url.Error, which shows the whole link
	}
	l := &link{path: or(u.EscapedPath(), "/"), query: u.RawQuery, origin: base.origin}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "":
		return nil, fmt.Errorf("a link to %q is not an http or https URL without user", u.Scheme+"://"+u.Host)
	case strings.EqualFold(u.Hostname(), base.url.Hostname()) && (portOf(u) == portOf(base.url) || u.Port() == "" && base.url.Port() == ""):
		return l, nil
	}
	for _, origin := range rt.Origins {
		if u.Scheme == origin.Scheme && strings.EqualFold(u.Hostname(), origin.Hostname()) && portOf(u) == portOf(origin) {
			l.origin = origin
			return l, nil
		}
	}
	return nil, fmt.Errorf("%q is not an origin of the route", u.Scheme+"://"+u.Host)
}

// portOf is a URL's port, its scheme's if it names none.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// errLinkStatus says that the answer to a link has a status of failure.
type errLinkStatus int

func (e errLinkStatus) Error() string { return fmt.Sprintf("link answered with status %d", int(e)) }
