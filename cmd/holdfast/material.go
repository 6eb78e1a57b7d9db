package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/certs"
	"github.com/holdfast-proxy/holdfast/internal/certs/acme"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// material is what a node shows and trusts over TLS: to clients, at the control
// endpoint and to origins.
type material struct {
	// Fixed after newMaterial.
	store   *certs.Store
	files   atomic.Pointer[certs.Set] // for clients
	acme    *acme.Issuer              // nil: not configured
	control *tls.Config               // nil: in the clear
}

// newMaterial reads all files that are configured, and tells routes, which were
// made of cfg's, how to talk to their origins. The error says which are of no use.
func newMaterial(cfg config.Config, routes []proxy.Route, reg *prometheus.Registry, log *zap.Logger) (*material, error) {
	metrics, orders := certs.NewMetrics(reg), acme.NewMetrics(reg)
	m := &material{store: certs.New(certs.Options{Metrics: metrics, Log: log})}
	take, err := m.prepare(cfg, routes)
	if err := errors.Join(err, m.readControl(cfg.Control.TLS)); err != nil {
		return nil, err
	}
	take()
	if !cfg.TLS.ACME.Enabled() {
		return m, nil
	}
	options := acmeOptions(cfg)
	options.Expiry, options.Metrics, options.Log = metrics, orders, log.Named("acme")
	if m.acme, err = acme.New(options); err != nil {
		return nil, fmt.Errorf("tls.acme: %w", err)
	}
	return m, nil
}

// prepare reads what may change while the node runs: the certificates for clients, which
// take makes those that are shown, and what routes, made of cfg's, show their origins.
func (m *material) prepare(cfg config.Config, routes []proxy.Route) (take func(), err error) {
	var files certs.Set
	for _, c := range cfg.TLS.Certificates {
		certificate, err := m.store.Certificate(certs.Pair(c))
		if err != nil {
			return nil, fmt.Errorf("tls.certificates: %w", err)
		}
		files = append(files, certificate)
	}
	return func() { m.files.Store(&files) }, m.readOrigins(cfg.AllRoutes(), routes)
}

// readControl reads how the control endpoint is served.
func (m *material) readControl(c config.ControlTLS) error {
	if !c.Enabled() {
		return nil
	}
	own, err := m.store.Certificate(certs.Pair{Cert: c.Cert, Key: c.Key})
	if err != nil {
		return fmt.Errorf("control.tls: %w", err)
	}
	clients, err := m.authority(c.ClientCA)
	if err != nil {
		return fmt.Errorf("control.tls: %w", err)
	}
	m.control = certs.ServerConfig(own, clients)
	return nil
}

// readOrigins reads how routes talk to their origins.
func (m *material) readOrigins(configured []config.Route, routes []proxy.Route) error {
	var errs []error
	for i, r := range configured {
		if r.OriginTLS == (config.OriginTLS{}) {
			continue
		}
		client, err := m.client(r.OriginTLS)
		if err != nil {
			errs = append(errs, fmt.Errorf("origin_tls of route %s: %w", r.Name, err))
			continue
		}
		routes[i].OriginTLS = client
	}
	return errors.Join(errs...)
}

func (m *material) client(o config.OriginTLS) (certs.Client, error) {
	c := certs.Client{ServerName: o.ServerName}
	var err error
	if c.Roots, err = m.authority(o.CA); err != nil || o.Cert == "" {
		return c, err
	}
	c.Own, err = m.store.Certificate(certs.Pair{Cert: o.Cert, Key: o.Key})
	return c, err
}

// authority returns nil for an empty path.
func (m *material) authority(path string) (*certs.Authority, error) {
	if path == "" {
		return nil, nil
	}
	return m.store.Authority(path)
}

// acmeOptions are the settings of certificates by ACME.
func acmeOptions(cfg config.Config) acme.Options {
	a := cfg.TLS.ACME
	return acme.Options{
		Domains:   a.Domains,
		Email:     a.Email,
		Directory: a.Directory,
		Staging:   a.Staging,
		CA:        a.CA,
		Store:     a.StoreDir,
		TLS:       cfg.TLS.Listen[0],
		Plain:     cfg.Listen,
	}
}

// tlsVersion is a value of tls.min_version for crypto/tls.
func tlsVersion(v config.TLSVersion) uint16 {
	if v == config.TLS13 {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// clients is how clients are served over TLS, nil if they are not.
func (m *material) clients(t config.TLS) *tls.Config {
	if len(t.Listen) == 0 {
		return nil
	}
	c := &tls.Config{MinVersion: tlsVersion(t.MinVersion), GetCertificate: m.certificate}
	if m.acme != nil {
		c.NextProtos = m.acme.Protocols()
	}
	return c
}

// certificate chooses the certificate for a client.
func (m *material) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	files := *m.files.Load()
	if m.acme != nil && (len(files) == 0 || m.acme.Names(hello.ServerName)) {
		return m.acme.GetCertificate(hello)
	}
	return files.GetCertificate(hello)
}

// answering lets the authority of ACME look at what is served in the clear.
func (m *material) answering(h http.Handler) http.Handler {
	if m.acme == nil {
		return h
	}
	return m.acme.Answering(h)
}

// run keeps everything current until ctx ends, and returns nil.
func (m *material) run(ctx context.Context) error {
	if m.acme == nil {
		return m.store.Run(ctx)
	}
	issued := make(chan error, 1)
	go func() { issued <- m.acme.Run(ctx) }()
	return errors.Join(m.store.Run(ctx), <-issued)
}
