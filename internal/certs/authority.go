package certs

import (
	"crypto/x509"
	"errors"
	"sync/atomic"

	"go.uber.org/zap"
)

// Authority is those who may sign the other side's certificate.
type Authority struct{ current atomic.Pointer[x509.CertPool] }

// Authority reads a PEM file with certificates and keeps it current. The error
// says why it is of no use.
func (s *Store) Authority(path string) (*Authority, error) {
	a := new(Authority)
	return keep(s, a, &files{paths: []string{path}, use: func(contents [][]byte) ([]zap.Field, error) {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(contents[0]) {
			return nil, errors.New("it holds no certificate")
		}
		a.current.Store(pool)
		return nil, nil
	}})
}

// Current returns those whom to trust at the next connection. The caller may not
// change it.
func (a *Authority) Current() *x509.CertPool { return a.current.Load() }
