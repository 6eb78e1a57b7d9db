package main

import (
	"fmt"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/token"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// tokensOf says how a route holds by token, nil if it does not.
func tokensOf(t config.Tokens) (*proxy.Tokens, error) {
	if !t.Set() {
		return nil, nil
	}
	v, err := tokenVerifier(t)
	if err != nil {
		return nil, fmt.Errorf("tokens.%w", err)
	}
	return &proxy.Tokens{Verifier: v, Query: t.Query, Bearer: t.Bearer, Cookie: t.Cookie}, nil
}

// tokenVerifier makes what checks tokens. The error begins with the key of the
// configuration that is wrong.
func tokenVerifier(t config.Tokens) (*token.Verifier, error) {
	o := token.Options{
		KeySet:    t.JWKS,
		Refresh:   t.JWKSRefresh,
		Cooldown:  t.JWKSCooldown,
		Issuer:    t.Issuer,
		Audience:  t.Audience,
		Leeway:    t.Leeway,
		MaxLength: int(t.MaxLength),
	}
	var err error
	if o.Algorithms, err = token.ParseAlgorithms(t.Algorithms); err != nil {
		return nil, fmt.Errorf("algorithms: %w", err)
	}
	for i, text := range t.Keys {
		key, err := o.Algorithms.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		o.Keys = append(o.Keys, key)
	}
	for i, text := range t.EncryptionKeys {
		key, err := token.ParseEncryptionKey(text)
		if err != nil {
			return nil, fmt.Errorf("encryption_keys[%d]: %w", i, err)
		}
		o.EncryptionKeys = append(o.EncryptionKeys, key)
	}
	v, err := token.New(o)
	if err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	return v, nil
}
