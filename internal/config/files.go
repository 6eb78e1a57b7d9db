package config

import (
	"crypto/tls"
	"errors"
	"os"
	"strings"
)

// ReadTokens returns the tokens, with those in files. It reads the files anew
// each time. The error says which file cannot be read or holds no token.
func (c Control) ReadTokens() ([]string, error) {
	var all []string
	for _, token := range c.Tokens {
		tokens, err := readToken(token)
		if err != nil {
			return nil, err
		}
		all = append(all, tokens...)
	}
	return all, nil
}

// readToken returns a token as it stands, or those of the file that it names,
// one a line.
func readToken(token string) ([]string, error) {
	path, inFile := strings.CutPrefix(token, filePrefix)
	if !inFile {
		return []string{token}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var tokens []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !sendable(line) {
			return nil, errors.New(path + " holds a character that cannot be sent in a token")
		}
		if line != "" {
			tokens = append(tokens, line)
		}
	}
	if len(tokens) == 0 {
		return nil, errors.New(path + " holds no token")
	}
	return tokens, nil
}

// readSecret returns a secret as it stands, or the one line of the file that it
// names.
func readSecret(secret string) (string, error) {
	path, inFile := strings.CutPrefix(secret, filePrefix)
	if !inFile {
		return secret, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(text), "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", errors.New(path + " does not hold one line")
	}
	return line, nil
}

// fileProblems looks into the files that c names.
func (c Config) fileProblems() problems {
	var p problems
	for i, certificate := range c.TLS.Certificates {
		if _, err := tls.LoadX509KeyPair(certificate.Cert, certificate.Key); err != nil {
			p.add(element("tls.certificates", i), err.Error(), "name readable PEM files that belong together")
		}
	}
	p.tlsFiles("tls.acme", c.TLS.ACME.CA, "", "")
	p.tlsFiles("control.tls", "", c.Control.TLS.Cert, c.Control.TLS.Key)
	p.authorityFile("control.tls.client_ca", c.Control.TLS.ClientCA)
	for i, token := range c.Control.Tokens {
		if _, err := readToken(token); err != nil {
			p.add(element("control.tokens", i), err.Error(), "name a readable file with a token a line")
		}
	}
	p.accessFiles(c.Control.Access)
	p.keyFile("grip.sig_key", c.GRIP.SigKey)
	for i, key := range c.GRIP.UpstreamKeys {
		p.keyFile(element("grip.upstream_keys", i), key)
	}
	for i, key := range c.Control.Keys {
		p.keyFile(element("control.keys", i), key)
	}
	for i, route := range c.Routes {
		p.keyFile(element("routes", i)+".sig_key", route.SigKey)
		p.tokenFiles(element("routes", i), route.Tokens)
		p.tlsFiles(element("routes", i)+".origin_tls", route.OriginTLS.CA, route.OriginTLS.Cert, route.OriginTLS.Key)
	}
	p.natsFiles(c.NATS)
	return p
}

// keyFile looks into the file that a signing key may be in.
func (p *problems) keyFile(key, text string) {
	if path, ok := strings.CutPrefix(text, filePrefix); ok {
		if _, err := os.ReadFile(path); err != nil {
			p.add(key, err.Error(), "name a readable file")
		}
	}
}
