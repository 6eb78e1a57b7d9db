package embedded

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// load reads the files; nil if there are none. With mutual, the other side must
// show a certificate, and with a CA too.
func (t TLS) load(mutual bool) (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.CA)
		}
		c.RootCAs, c.ClientCAs = pool, pool
	}
	if mutual || t.CA != "" {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}
