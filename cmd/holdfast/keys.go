package main

import (
	"fmt"

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
	return verifier("grip.upstream_keys", c.UpstreamKeys)
}

func verifier(name string, texts []string) (*grip.Verifier, error) {
	keys := make([]grip.Key, len(texts))
	for i, text := range texts {
		var err error
		if keys[i], err = grip.ParseKey(text); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
	}
	return grip.NewVerifier(keys...), nil
}

// checkKeys reports which of the configured keys and tokens is of no use.
func checkKeys(cfg config.Config) error {
	if _, err := proxyOptions(cfg); err != nil {
		return err
	}
	_, err := controlAccess(cfg.Control, nil)
	return err
}
