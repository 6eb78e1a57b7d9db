package config

import "fmt"

// checkArrival looks at what belongs together where clients arrive.
func (p *problems) checkArrival(c Config) {
	if c.ProxyProtocol && len(c.TrustedProxies) == 0 {
		p.addAcross("proxy_protocol", []string{"trusted_proxies"}, "is true, and trusted_proxies is empty: every connection would be closed",
			"name the networks of the proxies in trusted_proxies")
	}
	if c.ProxyProtocol && c.TLS.HTTP3 {
		p.addAcross("proxy_protocol", []string{"tls.http3"}, "is true, and so is tls.http3, which has no such header: clients would get past the proxies",
			"keep one of the two")
	}
	if s := c.Server; s.BodyRate > 0 && s.BodyTimeout == 0 {
		p.addAcross("server.body_rate", []string{"server.body_timeout"},
			fmt.Sprintf("is %v, and server.body_timeout is 0s, after which it would count", s.BodyRate), "set both, or only body_timeout")
	}
}
