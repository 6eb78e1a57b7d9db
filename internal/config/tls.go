package config

import "time"

// TLS is the section tls.
type TLS struct {
	// Addresses where clients connect over TLS, with HTTP/2 and HTTP/1.1.
	// They need certificates, from files or by acme.
	Listen []string `mapstructure:"listen"`
	// Certificates, chosen by the name that the client asks for; the first
	// serves those that ask for none. Files that change are read anew.
	Certificates []Certificate `mapstructure:"certificates"`
	// Certificates that Holdfast gets by itself.
	ACME ACME `mapstructure:"acme"`
	// The oldest version of TLS that clients may speak. 1.2, or 1.3 for
	// clients that are all younger than 2020.
	MinVersion TLSVersion `mapstructure:"min_version"`
	// Serve HTTP/3 too, over UDP on the same addresses, and tell clients so
	// with Alt-Svc.
	HTTP3 bool `mapstructure:"http3"`
	// How long browsers shall use nothing but TLS for the host, sent as
	// Strict-Transport-Security with every response over TLS in which the
	// origin does not say so itself. 0s: not sent.
	HSTS time.Duration `mapstructure:"hsts"`
}

// Certificate names the files of one certificate.
type Certificate struct {
	// PEM file with the certificate, followed by its chain.
	Cert string `mapstructure:"cert"`
	// PEM file with the private key.
	Key string `mapstructure:"key"`
}

// ACME is the section tls.acme.
type ACME struct {
	// The names to get certificates for. Setting them is what turns it on.
	// Each must lead to this machine, port 443 to an address of tls.listen or
	// port 80 to one of listen.
	Domains []string `mapstructure:"domains"`
	// Where the authority may write about the certificates. Having it is
	// agreeing to the authority's terms.
	Email string `mapstructure:"email"`
	// The authority's ACME directory, an https URL. Empty: Let's Encrypt.
	Directory string `mapstructure:"directory"`
	// Use the staging authority of Let's Encrypt: its limits are wide, and no
	// browser trusts its certificates. For trying things out.
	Staging bool `mapstructure:"staging"`
	// PEM file with those who may sign the directory's own certificate, for an
	// authority of your own. Empty: whom the system trusts.
	CA string `mapstructure:"ca"`
	// Directory for the account, the certificates and their keys. It is made if
	// need be, and several nodes may share it.
	StoreDir string `mapstructure:"store_dir"`
}

// Enabled reports whether certificates are got.
func (a ACME) Enabled() bool { return len(a.Domains) > 0 }

// ControlTLS is the section control.tls. With a certificate, all of
// control.listen is encrypted. Files that change are read anew.
type ControlTLS struct {
	// PEM file with the certificate, followed by its chain.
	Cert string `mapstructure:"cert"`
	// PEM file with its private key.
	Key string `mapstructure:"key"`
	// PEM file with those who sign the certificates of publishers and
	// operators. With it nobody connects without such a certificate, probes
	// of health included, and no token is needed besides.
	ClientCA string `mapstructure:"client_ca"`
}

// Enabled reports whether the control endpoint is encrypted.
func (c ControlTLS) Enabled() bool { return c.Cert != "" }

// OriginTLS is a route's section origin_tls. Files that change are read anew.
type OriginTLS struct {
	// PEM file with those who may sign the origins' certificates. Empty: whom
	// the system trusts.
	CA string `mapstructure:"ca"`
	// PEM file with Holdfast's own certificate, for origins that ask for one.
	Cert string `mapstructure:"cert"`
	// PEM file with its private key.
	Key string `mapstructure:"key"`
	// The name that the origins are asked for and must have a certificate for.
	// Empty: the host in the origin's URL.
	ServerName string `mapstructure:"server_name"`
}

// TLSVersion is a version of TLS.
type TLSVersion string

// The values of tls.min_version.
const (
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

func (TLSVersion) allowed() []string { return values(TLS12, TLS13) }

// OriginProtocol says which HTTP a route speaks with its origins.
type OriginProtocol string

// The values of routes[].origin_protocol.
const (
	OriginHTTP1 OriginProtocol = "http1"
	OriginAuto  OriginProtocol = "auto"
	OriginHTTP2 OriginProtocol = "http2"
	OriginH2C   OriginProtocol = "h2c"
)

func (OriginProtocol) allowed() []string {
	return values(OriginHTTP1, OriginAuto, OriginHTTP2, OriginH2C)
}
