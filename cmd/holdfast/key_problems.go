package main

import (
	"fmt"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/token"
)

// What to write where a key is of no use and the reason does not say.
const (
	signingRemedy   = "write a secret, or name a PEM file with a private key of RSA (2048 bits or more) or of the curve P-256"
	verifyingRemedy = "write a secret, or name a PEM file with a key of RSA (2048 bits or more) or of the curve P-256"
	tokenRemedy     = "write a secret, or name a PEM file with a key of RSA (2048 bits or more), of P-256, P-384 or P-521, or of Ed25519"
	sealRemedy      = "write base64: and what 'openssl rand -base64 32' prints"
	keySetRemedy    = "name a JWKS with public keys of RSA, of P-256, P-384 or P-521, or of Ed25519"
)

// keyTrial tries keys, each as if it were the only one, and collects what is wrong.
type keyTrial []*config.KeyError

// keyProblems says which keys in cfg are of no use.
func keyProblems(cfg config.Config) []*config.KeyError {
	var t keyTrial
	t.signing("grip.sig_key", cfg.GRIP.SigKey)
	for i, key := range cfg.GRIP.UpstreamKeys {
		_, err := upstream(config.GRIP{UpstreamKeys: []string{key}})
		t.note(fmt.Sprintf("grip.upstream_keys[%d]", i), "grip.upstream_keys[0]: ", err, verifyingRemedy)
	}
	for i, key := range cfg.Control.Keys {
		_, err := controlAccess(config.Control{Listen: cfg.Control.Listen, Keys: []string{key}}, nil)
		t.note(fmt.Sprintf("control.keys[%d]", i), "control.keys[0]: ", err, verifyingRemedy)
	}
	for i, route := range cfg.Routes {
		at := fmt.Sprintf("routes[%d]", i)
		t.signing(at+".sig_key", route.SigKey)
		t.tokens(at+".tokens", route.Tokens)
	}
	return t
}

func (t *keyTrial) signing(key, text string) {
	_, err := signer(key, config.GRIP{SigKey: text})
	t.note(key, key+": ", err, signingRemedy)
}

// tokens tries the keys in the section tokens of a route.
func (t *keyTrial) tokens(section string, c config.Tokens) {
	algorithms := c.Algorithms
	if _, err := token.ParseAlgorithms(algorithms); err != nil {
		t.note(section+".algorithms", "", err, "")
		algorithms = nil
	}
	for i, key := range c.Keys {
		_, err := tokenVerifier(config.Tokens{Algorithms: algorithms, Keys: []string{key}})
		t.note(fmt.Sprintf("%s.keys[%d]", section, i), "keys[0]: ", err, tokenRemedy)
	}
	for i, key := range c.EncryptionKeys {
		_, err := tokenVerifier(config.Tokens{EncryptionKeys: []string{key}})
		t.note(fmt.Sprintf("%s.encryption_keys[%d]", section, i), "encryption_keys[0]: ", err, sealRemedy)
	}
	if c.JWKS != "" {
		_, err := tokenVerifier(config.Tokens{Algorithms: algorithms, JWKS: c.JWKS})
		t.note(section+".jwks", "jwks: ", err, keySetRemedy)
	}
}

// note adds what err says of a key after alone, which names the key where it is the
// only one. What err says after ": write" is the remedy.
func (t *keyTrial) note(key, alone string, err error, remedy string) {
	if err == nil {
		return
	}
	problem, own, found := strings.Cut(strings.TrimPrefix(err.Error(), alone), ": write ")
	if found {
		remedy = "write " + own
	}
	*t = append(*t, &config.KeyError{Key: key, Problem: problem, Remedy: remedy})
}
