package cors

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Options is what a Policy is made of.
type Options struct {
	// Origins are the sites whose pages may read: https://app.example.com, or
	// https://*.example.com for all hosts below one, or Everybody.
	Origins []string
	// Credentials lets them read what the user's cookies bring. With Everybody
	// in Origins every page can act as its reader.
	Credentials bool
	// Methods and Headers are what pages may send beside what every page may
	// (Fetch §2.2.1, §2.2.2). Everybody allows all.
	Methods, Headers []string
	// Expose are the fields of answers that pages may see beside those that
	// every page may. Everybody shows all.
	Expose []string
	// MaxAge is how long a browser may remember a preflight, in whole seconds.
	MaxAge time.Duration
}

// Policy is what pages of other sites may read and send. It is immutable, and
// safe for concurrent use.
type Policy struct {
	sites       Sites
	open        bool   // for everybody, and without credentials: no answer differs
	credentials string // "true" or empty
	methods     allowance
	headers     allowance
	expose      []string
	maxAge      string
}

// allowance is what pages may send: what is named, or whatever they ask for.
type allowance struct {
	names string
	any   bool
}

func newAllowance(names []string) allowance {
	if slices.Contains(names, Everybody) {
		return allowance{any: true}
	}
	return allowance{names: strings.Join(names, ", ")}
}

// answer says so to a page that asks.
func (a allowance) answer(asked []string) string {
	if a.any {
		return strings.Join(asked, ", ")
	}
	return a.names
}

// NewPolicy returns the policy of o. The error says what is wrong with o.
func NewPolicy(o Options) (*Policy, error) {
	sites, err := ParseSites(o.Origins)
	if err != nil {
		return nil, fmt.Errorf("cors: %w", err)
	}
	if len(o.Origins) == 0 {
		return nil, errors.New("cors: no origins")
	}
	for _, name := range slices.Concat(o.Methods, o.Headers, o.Expose) {
		if !httpguts.ValidHeaderFieldName(name) { // methods are tokens as well
			return nil, fmt.Errorf("cors: %q is neither a method nor the name of a header", name)
		}
	}
	p := &Policy{
		sites:   sites,
		open:    sites.all && !o.Credentials,
		methods: newAllowance(o.Methods),
		headers: newAllowance(o.Headers),
		expose:  o.Expose,
		maxAge:  strconv.FormatInt(int64(o.MaxAge/time.Second), 10),
	}
	if o.Credentials {
		p.credentials = "true"
	}
	return p, nil
}

// Sites are those whose pages may read.
func (p *Policy) Sites() *Sites { return &p.sites }

// The fields of the protocol (Fetch §3.2.2, §3.2.3).
const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
	allowNetwork     = "Access-Control-Allow-Private-Network"
	exposeHeaders    = "Access-Control-Expose-Headers"
	maxAge           = "Access-Control-Max-Age"

	requestMethod  = "Access-Control-Request-Method"
	requestHeaders = "Access-Control-Request-Headers"
	requestNetwork = "Access-Control-Request-Private-Network"
)

// originOf is the origin that a request names, empty if it names none, or more
// than one, which no browser does.
func originOf(request http.Header) string {
	if named := request["Origin"]; len(named) == 1 {
		return named[0]
	}
	return ""
}

// Complete makes h the head of an answer to a request with the header given:
// it lets the page that asks read the answer, or sees to it that it cannot. It is
// called when everything else in h stands, and changes h only.
func (p *Policy) Complete(request, h http.Header) {
	origin := originOf(request)
	switch {
	case p.open:
		p.allow(Everybody, h)
	case len(request["Origin"]) == 0:
		vary(h)
	case p.sites.Has(origin):
		vary(h)
		p.allow(origin, h)
	default:
		vary(h)
		withdraw(h)
	}
}

// allow lets origin read, as far as h does not say itself who may.
func (p *Policy) allow(origin string, h http.Header) {
	if p.credentials == "" {
		h.Del(allowCredentials)
	}
	if len(h[allowOrigin]) > 0 {
		return
	}
	h.Set(allowOrigin, origin)
	set(h, allowCredentials, p.credentials)
	if len(h[exposeHeaders]) == 0 {
		p.show(h)
	}
}

// show lists the fields that pages may see. All of them are listed by name,
// because * is a name where there are credentials (Fetch §3.2.3).
func (p *Policy) show(h http.Header) {
	names := p.expose
	if slices.Contains(names, Everybody) {
		names = exposable(h)
	}
	set(h, exposeHeaders, strings.Join(names, ", "))
}

// exposable are the names of the fields that pages see only if told so.
func exposable(h http.Header) []string {
	var names []string
	for name, values := range h {
		switch name {
		case "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma":
			continue // safelisted (Fetch §2.2.2)
		case "Connection", "Set-Cookie", "Trailer", "Transfer-Encoding", "Vary", "Via":
			continue // not for pages
		}
		if len(values) > 0 && !isControl(name) && !strings.HasPrefix(name, http.TrailerPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// withdraw takes every permission out of h.
func withdraw(h http.Header) {
	for name := range h {
		if isControl(name) {
			delete(h, name)
		}
	}
}

func isControl(name string) bool { return strings.HasPrefix(name, "Access-Control-") }

// vary says that the answer is for this origin.
func vary(h http.Header) {
	if !httpguts.HeaderValuesContainsToken(h["Vary"], "Origin") && !httpguts.HeaderValuesContainsToken(h["Vary"], "*") {
		h.Add("Vary", "Origin")
	}
}
