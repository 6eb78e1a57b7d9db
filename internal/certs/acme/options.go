package acme

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Expiry is told when certificates expire.
type Expiry interface {
	Expires(name string, at time.Time)
}

// Options are an Issuer's parts.
type Options struct {
	// Domains are the names to get certificates for. At least one.
	Domains []string
	// Email is where the authority may write to. May be empty.
	Email string
	// Directory is the URL of the authority's directory. Empty: Let's Encrypt's,
	// with Staging the one for trying things out.
	Directory string
	Staging   bool
	// CA is a PEM file with who may sign the directory's certificate. Empty: whom
	// the system trusts.
	CA string
	// Store is the directory for accounts, certificates and keys. It is made if
	// need be.
	Store string
	// TLS is the address where Protocols are offered and GetCertificate is asked,
	// Plain those where Answering serves in the clear. The authority must get there
	// by port 443 and 80.
	TLS   string
	Plain []string
	// Expiry is told of every certificate in use. Required.
	Expiry Expiry
	// Metrics counts. Required.
	Metrics *Metrics
	// Log is the logger of certmagic too. Required.
	Log *zap.Logger
}

const (
	// A line that clients can cause appears sameLines times in samePeriod at most.
	samePeriod = 10 * time.Second
	sameLines  = 10
)

// logger is Log with its lines bounded.
func (o *Options) logger() *zap.Logger {
	return o.Log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, samePeriod, sameLines, 0)
	}))
}

// account returns who we are to the authority, and how it finds us. The error says
// what is wrong with CA or TLS.
func (o *Options) account() (certmagic.ACMEIssuer, error) {
	account := certmagic.ACMEIssuer{
		CA:     o.Directory,
		Email:  o.Email,
		Agreed: true,
		Logger: o.logger(),
	}
	switch {
	case o.Staging:
		account.CA = certmagic.LetsEncryptStagingCA
	case o.Directory == "":
		account.CA = certmagic.LetsEncryptProductionCA
	}
	var err error
	if account.ListenHost, account.AltTLSALPNPort, err = splitAddress(o.TLS); err != nil {
		return account, err
	}
	account.AltHTTPPort = o.plainPort(account.ListenHost)
	account.DisableHTTPChallenge = account.AltHTTPPort == 0
	account.TrustedRoots, err = readRoots(o.CA)
	return account, err
}

// plainPort is the port of an address in the clear with that host, 0 for none.
func (o *Options) plainPort(host string) int {
	for _, addr := range o.Plain {
		if h, port, err := splitAddress(addr); err == nil && h == host {
			return port
		}
	}
	return 0
}

func splitAddress(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// readRoots returns nil for an empty path.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return roots, nil
}
