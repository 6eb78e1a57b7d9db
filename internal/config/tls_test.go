package config

import (
	"net/netip"
	"strings"
	"testing"
)

// TestTLSRefused sets one thing wrong in a configuration that is right
// otherwise. It reads no files.
func TestTLSRefused(t *testing.T) {
	acme := func(edit func(*ACME)) func(*Config) {
		return func(c *Config) {
			c.TLS.Listen = []string{":443"}
			c.TLS.ACME = ACME{Domains: []string{"a.example"}, StoreDir: "d"}
			edit(&c.TLS.ACME)
		}
	}
	route := func(protocol OriginProtocol, tls OriginTLS, origins ...string) func(*Config) {
		return func(c *Config) {
			r := DefaultRoute()
			r.PathPrefix, r.OriginProtocol, r.OriginTLS, r.Origins = "/r", protocol, tls, origins
			c.Routes = []Route{r}
		}
	}
	tests := []struct {
		name string
		edit func(*Config)
		want string
	}{
		{"certificates without an address", func(c *Config) { c.TLS.Certificates = []Certificate{{"a", "b"}} }, "tls.listen: is empty, so tls.certificates would not be used"},
		{"domains without an address", func(c *Config) { c.TLS.ACME = ACME{Domains: []string{"a.example"}, StoreDir: "d"} }, "tls.listen: is empty, so tls.acme.domains would not be used"},
		{"HTTP/3 beside the PROXY protocol", func(c *Config) {
			c.TLS.Listen, c.TLS.Certificates, c.TLS.HTTP3 = []string{":443"}, []Certificate{{Cert: "c", Key: "k"}}, true
			c.ProxyProtocol, c.TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		}, "proxy_protocol: is true, and so is tls.http3"},
		{"HTTP/3 without an address", func(c *Config) { c.TLS.HTTP3 = true }, "tls.listen: is empty, so tls.http3 would not be used"},
		{"HSTS without an address", func(c *Config) { c.TLS.HSTS = 1e9 }, "tls.listen: is empty, so tls.hsts would not be used"},
		{"HSTS for less than a second", acmeWithHSTS(acme(func(*ACME) {})), "tls.hsts: 1ms is less than a second; write 1s or more"},
		{"a version of TLS that is too old", func(c *Config) { c.TLS.MinVersion = "1.1" }, `tls.min_version: "1.1" is not known; write 1.2 or 1.3`},
		{"ACME without domains", acme(func(a *ACME) { *a = ACME{} }), "tls.certificates: is empty, and tls.listen is not; name a certificate's cert and key, or set tls.acme.domains"},
		{"ACME settings without domains", func(c *Config) { c.TLS.ACME.Email = "a@b.example" }, "tls.acme.domains: is empty, so the rest of tls.acme would not be used"},
		{"ACME without a store", acme(func(a *ACME) { a.StoreDir = "" }), "tls.acme.store_dir: is empty"},
		{"a wildcard", acme(func(a *ACME) { a.Domains[0] = "*.a.example" }), `tls.acme.domains[0]: "*.a.example" needs a proof by DNS`},
		{"a domain with a port", acme(func(a *ACME) { a.Domains[0] = "a.example:443" }), `tls.acme.domains[0]: "a.example:443" is not a host name`},
		{"a domain that is an address", acme(func(a *ACME) { a.Domains[0] = "192.0.2.1" }), `tls.acme.domains[0]: "192.0.2.1" is not a host name`},
		{"a domain twice", acme(func(a *ACME) { a.Domains = append(a.Domains, "b.example", "B.example.") }), `tls.acme.domains[2]: "B.example." is also tls.acme.domains[1]`},
		{"a directory in the clear", acme(func(a *ACME) { a.Directory = "http://ca.example" }), "tls.acme.directory: is not an https URL"},
		{"a directory and staging", acme(func(a *ACME) { a.Directory, a.Staging = "https://ca.example", true }), "tls.acme.directory: is set, and tls.acme.staging means another"},
		{"an authority without its directory", acme(func(a *ACME) { a.CA = "ca.pem" }), "tls.acme.directory: is empty, and tls.acme.ca is set"},
		{"ACME on a port that nobody can know", func(c *Config) {
			acme(func(*ACME) {})(c)
			c.TLS.Listen[0] = ":0"
		}, "tls.listen[0]: has port 0"},
		{"a control certificate without its key", func(c *Config) { c.Control.TLS.Cert = "a" }, "control.tls.key: is empty, and control.tls.cert is set"},
		{"control clients without a certificate", func(c *Config) { c.Control.TLS.ClientCA = "a" }, "control.tls.cert: is empty, and control.tls.client_ca is set"},
		{"an origin's certificate without its key", route(OriginHTTP1, OriginTLS{Cert: "a"}, "https://a"), "routes[0].origin_tls.key: is empty"},
		{"an origin's name with a port", route(OriginHTTP1, OriginTLS{ServerName: "a:1"}, "https://a"), `routes[0].origin_tls.server_name: "a:1" is not a host name`},
		{"TLS for no origin", func(c *Config) {
			route(OriginHTTP1, OriginTLS{CA: "a"})(c)
			c.Routes[0].Tokens.Keys = []string{"k"}
		}, "routes[0].origin_tls: is set, and there are no origins"},
		{"TLS for an origin in the clear", route(OriginAuto, OriginTLS{CA: "a"}, "http://a"), "routes[0].origin_tls: is set, and no origin is https"},
		{"HTTP/2 over TLS for an origin in the clear", route(OriginHTTP2, OriginTLS{}, "https://a", "http://b"), "routes[0].origin_protocol: is http2, and an origin is http"},
		{"HTTP/2 in the clear for an origin with TLS", route(OriginH2C, OriginTLS{}, "https://a", "http://b"), "routes[0].origin_protocol: is h2c, and an origin is https"},
		{"an unknown protocol for origins", route("http3", OriginTLS{}, "https://a"), `routes[0].origin_protocol: "http3" is not known; write http1, auto, http2 or h2c`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Default()
			cfg.Origin = "http://origin"
			tt.edit(&cfg)
			err := cfg.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s...", err, tt.want)
			}
			if joined := err.(interface{ Unwrap() []error }).Unwrap(); len(joined) != 1 {
				t.Errorf("one fault, %d problems: %v", len(joined), err)
			}
		})
	}
}

func acmeWithHSTS(edit func(*Config)) func(*Config) {
	return func(c *Config) {
		edit(c)
		c.TLS.HSTS = 1e6
	}
}

func TestTLSAccepted(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Config)
	}{
		{"certificates by ACME alone", func(c *Config) {
			c.TLS.Listen, c.TLS.ACME = []string{":443"}, ACME{Domains: []string{"a.example"}, StoreDir: "d", Staging: true}
		}},
		{"a control address that others reach, with certificates of clients", func(c *Config) {
			c.Control.Listen, c.Control.TLS = []string{":5561"}, ControlTLS{Cert: "a", Key: "b", ClientCA: "c"}
		}},
		{"origins of both kinds with what both can", func(c *Config) {
			r := DefaultRoute()
			r.PathPrefix, r.OriginProtocol, r.Origins = "/r", OriginAuto, []string{"http://a", "https://b"}
			r.OriginTLS = OriginTLS{ServerName: "b.example"}
			c.Routes = []Route{r}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Default()
			cfg.Origin = "http://origin"
			tt.edit(&cfg)
			if err := cfg.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTLSFilesAreLookedInto(t *testing.T) {
	cfg := Default()
	cfg.TLS.ACME.CA = "absent-1"
	cfg.Control.TLS = ControlTLS{Cert: "absent-2", Key: "k", ClientCA: "tls.go"}
	r := DefaultRoute()
	r.OriginTLS = OriginTLS{CA: "absent-3", Cert: "absent-4", Key: "k"}
	cfg.Routes = []Route{r}
	err := cfg.fileProblems().err()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"tls.acme.ca: open absent-1", "control.tls.cert: open absent-2", "control.tls.client_ca: tls.go holds no certificate",
		"routes[0].origin_tls.ca: open absent-3", "routes[0].origin_tls.cert: open absent-4",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
