package main

import (
	"fmt"
	"slices"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// signer is what signs requests to origins with the key at place, nil if they are
// not signed.
func signer(place string, c config.GRIP) (proxy.Signer, error) {
	if c.SigKey == "" {
		return nil, nil
	}
	key, err := grip.ParseKey(c.SigKey)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	s, err := grip.NewSigner(c.SigIss, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return s, nil
}

// upstream knows the proxies in front of this one, nil if there are none.
func upstream(c config.GRIP) (proxy.Verifier, error) {
	if len(c.UpstreamKeys) == 0 {
		return nil, nil
	}
	keys, err := parseKeys("grip.upstream_keys", c.UpstreamKeys)
	return grip.NewVerifier(keys...), err
}

// publishers knows those who sign their requests to the control endpoint, nil if there
// are none. Where strangers can try, no key may be one that they find.
func publishers(c config.Control) (access.Verifier, error) {
	if len(c.Keys) == 0 {
		return nil, nil
	}
	const place = "control.keys"
	keys, err := parseKeys(place, c.Keys)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(keys, func(k grip.Key) bool { return k.Guessable() }); i >= 0 && c.Reachable() {
		return nil, fmt.Errorf("%s[%d]: the secret has fewer than %d bytes, and others can reach control.listen: "+
			"write what 'openssl rand -hex %[3]d' prints, or listen on 127.0.0.1 only", place, i, grip.MinSecret)
	}
	return grip.NewVerifier(keys...), nil
}

// parseKeys reads the keys at place.
func parseKeys(place string, texts []string) ([]grip.Key, error) {
	keys := make([]grip.Key, len(texts))
	for i, text := range texts {
		var err error
		if keys[i], err = grip.ParseKey(text); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", place, i, err)
		}
	}
	return keys, nil
}

// checkKeys reports which of the configured keys and tokens is of no use.
func checkKeys(cfg config.Config) error {
	if _, err := proxyOptions(cfg); err != nil {
		return err
	}
	_, err := controlAccess(cfg.Control, nil)
	return err
}
