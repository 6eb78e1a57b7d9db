package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/cors"
)

// checkCrossSite looks at what a route says about pages of other sites.
func (p *problems) checkCrossSite(at string, route Route) {
	c := route.CORS
	if route.CheckOrigin && slices.Contains(c.Origins, cors.Everybody) {
		p.addAcross(at+".check_origin", []string{at + ".cors.origins"},
			"is set, and cors.origins has everybody in it: nothing would be refused", "name the sites in cors.origins, or take check_origin away")
	}
	if len(c.Origins) == 0 {
		if !reflect.DeepEqual(c, defaultCORS()) {
			p.addAcross(at+".cors.origins", []string{at + ".cors"}, "is empty, so the rest of cors would not be used",
				`name the sites whose pages may read, as in [https://app.example.com], or write ["*"] for everybody`)
		}
		return
	}
	p.sites(at+".cors.origins", c.Origins)
	p.allowances(at+".cors.methods", c.Methods, "a method", "PUT")
	p.allowances(at+".cors.headers", c.Headers, "the name of a header", "X-Api-Key")
	p.allowances(at+".cors.expose", c.Expose, "the name of a header", "X-Api-Key")
	for i, method := range c.Methods {
		if upper := strings.ToUpper(method); upper != method {
			p.add(element(at+".cors.methods", i), fmt.Sprintf("%q has small letters, and methods are compared by case", method), "write "+upper)
		}
	}
	p.corsTwice(at, route.ResponseHeaders)
}

// sites checks the names of sites.
func (p *problems) sites(key string, sites []string) {
	for i, site := range sites {
		var wrong *cors.SiteError
		if errors.As(cors.CheckSite(site), &wrong) {
			p.add(element(key, i), wrong.Problem, wrong.Remedy)
		}
	}
	p.alone(key, sites)
}

// allowances checks what pages may send or see.
func (p *problems) allowances(key string, names []string, what, example string) {
	for i, name := range names {
		if !isToken(name) {
			p.add(element(key, i), fmt.Sprintf("%q is not %s", name, what), "write one, as in "+example)
		}
	}
	p.alone(key, names)
}

// alone refuses names beside the one that stands for all.
func (p *problems) alone(key string, names []string) {
	if len(names) > 1 && slices.Contains(names, cors.Everybody) {
		p.add(key, `has other names beside "*", which stands for all`, `write ["*"], or take it away`)
	}
}

// corsTwice refuses headers that would seem to be the origin's.
func (p *problems) corsTwice(at string, edits HeaderEdits) {
	for i, line := range edits.Set {
		name, _, err := ParseHeader(line)
		if err == nil && strings.HasPrefix(strings.ToLower(name), "access-control-") {
			p.addAcross(element(at+".response_headers.set", i), []string{at + ".cors"}, name+" is set, and so is cors, whose business it is", "keep one of the two")
		}
	}
}
