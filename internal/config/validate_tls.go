package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

func (p *problems) checkTLS(t TLS) {
	if len(t.Listen) > 0 && len(t.Certificates) == 0 && !t.ACME.Enabled() {
		p.addAcross("tls.certificates", []string{"tls.listen", "tls.acme.domains"}, "is empty, and tls.listen is not", "name a certificate's cert and key, or set tls.acme.domains, or leave tls.listen empty")
	}
	if len(t.Listen) == 0 {
		p.checkUnusedTLS(t)
	}
	for i, certificate := range t.Certificates {
		at := element("tls.certificates", i)
		if certificate.Cert == "" {
			p.add(at+".cert", "is empty", "name the PEM file of the certificate")
		}
		if certificate.Key == "" {
			p.add(at+".key", "is empty", "name the PEM file of the private key")
		}
	}
	if 0 < t.HSTS && t.HSTS < time.Second {
		p.add("tls.hsts", t.HSTS.String()+" is less than a second", "write 1s or more, as in 8760h for a year, or 0s for none")
	}
	p.checkACME(t)
}

// checkUnusedTLS looks for settings of addresses that there are none of.
func (p *problems) checkUnusedTLS(t TLS) {
	settings := []struct {
		key string
		set bool
	}{
		{"tls.certificates", len(t.Certificates) > 0}, {"tls.acme.domains", t.ACME.Enabled()}, {"tls.http3", t.HTTP3}, {"tls.hsts", t.HSTS > 0},
	}
	for _, s := range settings {
		if s.set {
			p.addAcross("tls.listen", []string{s.key}, "is empty, so "+s.key+" would not be used", "name an address, as in :443")
			return
		}
	}
}

// checkACME wants all that certificates need, or nothing.
func (p *problems) checkACME(t TLS) {
	a := t.ACME
	if !a.Enabled() {
		if a.Email+a.Directory+a.CA+a.StoreDir != "" || a.Staging {
			p.addAcross("tls.acme.domains", []string{"tls.acme"}, "is empty, so the rest of tls.acme would not be used", "name the hosts that need certificates")
		}
		return
	}
	seen := map[string]string{}
	for i, domain := range a.Domains {
		at, same := element("tls.acme.domains", i), strings.TrimSuffix(strings.ToLower(domain), ".")
		p.acmeDomain(at, domain)
		if other, twice := seen[same]; twice {
			p.addAcross(at, []string{other}, fmt.Sprintf("%q is also %s", domain, other), "name each host once")
		}
		seen[same] = at
	}
	if a.StoreDir == "" {
		p.addAcross("tls.acme.store_dir", []string{"tls.acme.domains"}, "is empty, and certificates and keys must be kept somewhere", "name a directory, as in /var/lib/holdfast/acme")
	}
	p.acmeDirectory(a)
	if len(t.Listen) > 0 {
		if _, port, err := net.SplitHostPort(t.Listen[0]); err == nil && port == "0" {
			p.addAcross("tls.listen[0]", []string{"tls.acme.domains"}, "has port 0, and the authority could not find it", "name the port that port 443 leads to")
		}
	}
}

func (p *problems) acmeDomain(at, domain string) {
	_, err := netip.ParseAddr(domain)
	switch {
	case strings.HasPrefix(domain, "*."):
		p.add(at, fmt.Sprintf("%q needs a proof by DNS, which Holdfast does not give", domain), "name each host, or use a certificate from files")
	case domain == "", strings.ContainsAny(domain, "/:@*? "), !isToken(domain), err == nil:
		p.add(at, fmt.Sprintf("%q is not a host name", domain), "write the bare name, as in api.example.com")
	}
}

func (p *problems) acmeDirectory(a ACME) {
	const at = "tls.acme.directory"
	if a.Directory == "" {
		if a.CA != "" {
			p.addAcross(at, []string{"tls.acme.ca"}, "is empty, and tls.acme.ca is set", "name the directory of your authority, or take tls.acme.ca away")
		}
		return
	}
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		p.add(at, "is not an https URL", "write it as in https://ca.example.com/acme/directory")
	}
	if a.Staging {
		p.addAcross(at, []string{"tls.acme.staging"}, "is set, and tls.acme.staging means another", "keep one of the two")
	}
}

func (p *problems) checkControlTLS(c ControlTLS) {
	const at = "control.tls"
	p.together(at+".cert", c.Cert, at+".key", c.Key, "name its PEM file")
	if c.ClientCA != "" && c.Cert == "" {
		p.addAcross(at+".cert", []string{at + ".client_ca"}, "is empty, and "+at+".client_ca is set", "name the PEM file of the certificate")
	}
}

// originTLS compares what a route says of TLS with its origins.
func (p *problems) originTLS(at string, route Route) {
	t := route.OriginTLS
	p.together(at+".origin_tls.cert", t.Cert, at+".origin_tls.key", t.Key, "name its PEM file")
	if strings.ContainsAny(t.ServerName, "/:@*? ") {
		p.add(at+".origin_tls.server_name", fmt.Sprintf("%q is not a host name", t.ServerName), "write the bare name, as in api.example.com, without a port")
	}
	var secure, plain int
	for _, origin := range route.Origins {
		if strings.HasPrefix(strings.ToLower(origin), "https:") {
			secure++
		} else {
			plain++
		}
	}
	origins := []string{at + ".origins"}
	switch {
	case t != OriginTLS{} && len(route.Origins) == 0:
		p.addAcross(at+".origin_tls", origins, "is set, and there are no origins", "name them, or take origin_tls away")
	case len(route.Origins) == 0:
	case t != OriginTLS{} && secure == 0:
		p.addAcross(at+".origin_tls", origins, "is set, and no origin is https", "write https:// in origins, or take origin_tls away")
	case route.OriginProtocol == OriginHTTP2 && plain > 0:
		p.addAcross(at+".origin_protocol", origins, "is http2, and an origin is http", "write h2c for HTTP/2 in the clear, or https:// in origins")
	case route.OriginProtocol == OriginH2C && secure > 0:
		p.addAcross(at+".origin_protocol", origins, "is h2c, and an origin is https", "write http2 for HTTP/2 over TLS, or http:// in origins")
	}
}
