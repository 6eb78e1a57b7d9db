package acme

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/prometheus/client_golang/prometheus"
)

// noteInterval is how often it is looked at when certificates expire. Renewals come
// weeks before.
const noteInterval = time.Minute

// Issuer has certificates for its names, once Run has got them. It is safe for
// concurrent use.
type Issuer struct {
	// Fixed after New.
	domains []string // in lower case
	expiry  Expiry
	counts  map[string]map[result]prometheus.Counter // by domain
	cache   *certmagic.Cache
	config  *certmagic.Config
	account *certmagic.ACMEIssuer
}

// New returns an Issuer that asks nobody before Run, which must be called to end
// it. The error says which option is of no use.
func New(o Options) (*Issuer, error) {
	account, err := o.account()
	if err != nil {
		return nil, err
	}
	i := &Issuer{expiry: o.Expiry, counts: map[string]map[result]prometheus.Counter{}}
	for _, domain := range o.Domains {
		domain = strings.ToLower(strings.TrimSuffix(domain, "."))
		i.domains = append(i.domains, domain)
		i.counts[domain] = o.Metrics.domain(domain)
	}
	i.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return i.config, nil },
		Logger:           account.Logger,
	})
	i.config = certmagic.New(i.cache, certmagic.Config{
		DefaultServerName: i.domains[0],
		OnEvent:           i.count,
		Storage:           &certmagic.FileStorage{Path: o.Store},
		Logger:            account.Logger,
	})
	i.account = certmagic.NewACMEIssuer(i.config, account)
	i.config.Issuers = []certmagic.Issuer{i.account}
	return i, nil
}

// Run gets certificates and renews them until ctx ends, and returns nil. What
// fails is logged and tried again.
func (i *Issuer) Run(ctx context.Context) error {
	defer i.cache.Stop()
	if err := i.config.ManageAsync(ctx, i.domains); err != nil {
		return err
	}
	ticker := time.NewTicker(noteInterval)
	defer ticker.Stop()
	for {
		i.note()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// note tells when the certificates in use expire.
func (i *Issuer) note() {
	for _, domain := range i.domains {
		var last time.Time
		for _, c := range i.cache.AllMatchingCertificates(domain) {
			if c.Leaf.NotAfter.After(last) {
				last = c.Leaf.NotAfter
			}
		}
		if !last.IsZero() {
			i.expiry.Expires(domain, last)
		}
	}
}

// count counts what becomes of orders. certmagic calls it.
func (i *Issuer) count(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	counts, ours := i.counts[name]
	switch {
	case !ours:
	case event == "cert_obtained":
		counts[obtained].Inc()
	case event == "cert_failed":
		counts[failed].Inc()
	}
	return nil
}

// Names reports whether a certificate for this name is ours to get.
func (i *Issuer) Names(name string) bool {
	return slices.Contains(i.domains, strings.ToLower(strings.TrimSuffix(name, ".")))
}

// Protocols are what a listener must offer by ALPN for GetCertificate to prove
// names, HTTP before all (RFC 8737 §3).
func (i *Issuer) Protocols() []string { return []string{"h2", "http/1.1", "acme-tls/1"} }

// GetCertificate is for tls.Config: the certificate for the name that the client
// asks for, or the first name, or the proof that the authority wants to see.
func (i *Issuer) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return i.config.GetCertificate(hello)
}

// Answering answers the authority where it asks in the clear for one of our names,
// and leaves everything else to h.
func (i *Issuer) Answering(h http.Handler) http.Handler {
	answering := i.account.HTTPChallengeHandler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil && certmagic.LooksLikeHTTPChallenge(r) && i.Names(hostOf(r)) {
			answering.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}
