package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubjectPrefix is how long nats.prefix may be, in bytes: the longest channel
// must still fit into a subject behind it.
const maxSubjectPrefix = 128

func (p *problems) checkNATS(n NATS) {
	for i, server := range n.URL {
		p.natsURL(element("nats.url", i), server)
	}
	p.checkIdentity(n)
	switch {
	case n.TLS.Cert != "" && n.TLS.Key == "":
		p.addAcross("nats.tls.key", []string{"nats.tls.cert"}, "is empty, and nats.tls.cert is set", "name the PEM file of the private key")
	case n.TLS.Cert == "" && n.TLS.Key != "":
		p.addAcross("nats.tls.cert", []string{"nats.tls.key"}, "is empty, and nats.tls.key is set", "name the PEM file of the certificate")
	}
	p.subjectPrefix("nats.prefix", n.Prefix)
	if len(n.URL) == 0 && n.configured() {
		p.addAcross("nats.url", []string{"nats"}, "is empty, so the rest of nats would not be used", "name a server, as in nats://127.0.0.1:4222")
	}
}

// configured reports whether something is set that needs a server.
func (n NATS) configured() bool {
	return n.Credentials+n.NKey+n.User+n.Password+n.Token+n.TLS.CA+n.TLS.Cert+n.TLS.Key != ""
}

func (p *problems) natsURL(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "nats" && u.Scheme != "tls", u.Hostname() == "":
		p.add(key, "is not the URL of a NATS server", "write it as in nats://10.0.0.4:4222 or tls://nats.example.com")
	case u.User != nil:
		p.add(key, "has a user in it", "take it away, and set nats.user and nats.password, or nats.token")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "":
		p.add(key, fmt.Sprintf("%q has more than scheme, host and port", text), "take the rest away")
	}
}

// checkIdentity allows one way of saying who we are.
func (p *problems) checkIdentity(n NATS) {
	ways := []struct{ key, value string }{
		{"nats.credentials", n.Credentials}, {"nats.nkey", n.NKey}, {"nats.user", n.User}, {"nats.token", n.Token},
	}
	first := ""
	for _, way := range ways {
		switch {
		case way.value == "":
		case first == "":
			first = way.key
		default:
			p.addAcross(way.key, []string{first}, "is set, and so is "+first, "keep one of the two")
		}
	}
	switch {
	case n.Password != "" && n.User == "":
		p.addAcross("nats.user", []string{"nats.password"}, "is empty, and nats.password is set", "name the user")
	case n.Password == "" && n.User != "":
		p.addAcross("nats.password", []string{"nats.user"}, "is empty, and nats.user is set", "write the password, or file:PATH")
	}
	for key, secret := range map[string]string{"nats.password": n.Password, "nats.token": n.Token} {
		if secret == filePrefix {
			p.add(key, "names no file", "write file:PATH")
		}
	}
}

func (p *problems) subjectPrefix(key, prefix string) {
	const remedy = "write words with dots between them, as in holdfast or live.eu"
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("*>%$", r)
	}
	switch {
	case prefix == "":
		p.add(key, "is empty", "leave the key out for its default, or "+remedy)
	case len(prefix) > maxSubjectPrefix:
		p.add(key, fmt.Sprintf("is %d bytes long", len(prefix)), fmt.Sprintf("write %d bytes at most", maxSubjectPrefix))
	case strings.ContainsFunc(prefix, bad), strings.Contains("."+prefix+".", ".."), !utf8.ValidString(prefix):
		p.add(key, fmt.Sprintf("%q cannot begin a subject", prefix), remedy)
	}
}

// natsFiles looks into the files that n names.
func (p *problems) natsFiles(n NATS) {
	for key, path := range map[string]string{"nats.credentials": n.Credentials, "nats.nkey": n.NKey} {
		if path == "" {
			continue
		}
		if _, err := os.ReadFile(path); err != nil {
			p.add(key, err.Error(), "name a readable file")
		}
	}
	for key, secret := range map[string]string{"nats.password": n.Password, "nats.token": n.Token} {
		if _, err := readSecret(secret); err != nil {
			p.add(key, err.Error(), "name a readable file with one line")
		}
	}
	if n.TLS.CA != "" {
		text, err := os.ReadFile(n.TLS.CA)
		switch {
		case err != nil:
			p.add("nats.tls.ca", err.Error(), "name a readable PEM file")
		case !x509.NewCertPool().AppendCertsFromPEM(text):
			p.add("nats.tls.ca", n.TLS.CA+" holds no certificate", "name a PEM file with certificates")
		}
	}
	if n.TLS.Cert != "" && n.TLS.Key != "" {
		if _, err := tls.LoadX509KeyPair(n.TLS.Cert, n.TLS.Key); err != nil {
			p.add("nats.tls.cert", err.Error(), "name readable PEM files that belong together")
		}
	}
}
