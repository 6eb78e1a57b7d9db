package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync/atomic"

	"go.uber.org/zap"
)

// Pair names the PEM files of a certificate, followed by its chain, and of its
// private key.
type Pair struct{ Cert, Key string }

// Certificate is what a Pair holds now.
type Certificate struct {
	current atomic.Pointer[tls.Certificate]
}

// Certificate reads a pair and keeps it current. The error says why it is of no
// use.
func (s *Store) Certificate(p Pair) (*Certificate, error) {
	c := new(Certificate)
	return keep(s, c, &files{paths: []string{p.Cert, p.Key}, use: func(contents [][]byte) ([]zap.Field, error) {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		if err != nil {
			return nil, err
		}
		c.current.Store(&pair)
		s.metrics.Expires(p.Cert, pair.Leaf.NotAfter)
		return []zap.Field{zap.Strings("names", namesOf(pair.Leaf)), zap.Time("expires", pair.Leaf.NotAfter)}, nil
	}})
}

// Current returns the certificate to use for the next connection. The caller may
// not change it.
func (c *Certificate) Current() *tls.Certificate { return c.current.Load() }

// namesOf lists what a certificate is good for.
func namesOf(leaf *x509.Certificate) []string {
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// Set is the certificates of a server.
type Set []*Certificate

var errNoCertificate = errors.New("there is no certificate for any name")

// GetCertificate is for tls.Config. It returns the first certificate that suits
// the client, by the name that it asks for and the signatures that it knows, or
// the first of all: better a certificate of another name, of which a browser can
// say what is wrong, than none. To look at one costs less than a hundredth of the
// handshake, so there is no index.
func (s Set) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := s.Suiting(hello); c != nil {
		return c, nil
	}
	if len(s) == 0 {
		return nil, errNoCertificate
	}
	return s[0].Current(), nil
}

// Suiting returns the first certificate that suits the client, nil if none does.
func (s Set) Suiting(hello *tls.ClientHelloInfo) *tls.Certificate {
	for _, c := range s {
		if current := c.Current(); hello.SupportsCertificate(current) == nil {
			return current
		}
	}
	return nil
}
