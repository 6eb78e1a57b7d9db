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
	p.together("nats.tls.cert", n.TLS.Cert, "nats.tls.key", n.TLS.Key, "name its PEM file")
	p.subjectPrefix("nats.prefix", n.Prefix)
	p.checkReplicas(n)
	if len(n.URL) == 0 && n.configured() {
		p.addAcross("nats.url", []string{"nats"}, "is empty, so the rest of nats would not be used", "name a server, as in nats://127.0.0.1:4222")
	}
}

// configured reports whether something is set that needs nats.url.
func (n NATS) configured() bool {
	if (n.Replicas > 0 || n.JetStream || n.MaxBytes > 0) && !n.Embedded.Enabled() {
		return true
	}
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
	p.together("nats.user", n.User, "nats.password", n.Password, "write both: the user, and the password or file:PATH")
	for _, secret := range n.secrets() {
		if *secret.value == filePrefix {
			p.add(secret.key, "names no file", "write file:PATH")
		}
	}
}

// together wants two keys to be set both, or neither.
func (p *problems) together(one, value, other, otherValue, remedy string) {
	switch {
	case value != "" && otherValue == "":
		p.addAcross(other, []string{one}, "is empty, and "+one+" is set", remedy)
	case value == "" && otherValue != "":
		p.addAcross(one, []string{other}, "is empty, and "+other+" is set", remedy)
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
	for _, secret := range n.secrets() {
		if _, err := readSecret(*secret.value); err != nil {
			p.add(secret.key, err.Error(), "name a readable file with one line")
		}
	}
	p.tlsFiles("nats.tls", n.TLS.CA, n.TLS.Cert, n.TLS.Key)
	for at, t := range n.Embedded.certificates() {
		p.tlsFiles(at, t.CA, t.Cert, t.Key)
	}
}

// tlsFiles looks into the files of one section.
func (p *problems) tlsFiles(at, ca, cert, key string) {
	p.authorityFile(at+".ca", ca)
	if cert != "" && key != "" {
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			p.add(at+".cert", err.Error(), "name readable PEM files that belong together")
		}
	}
}

// authorityFile looks into a file with those who sign certificates; an empty path
// is none.
func (p *problems) authorityFile(at, path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		p.add(at, err.Error(), "name a readable PEM file")
	case !x509.NewCertPool().AppendCertsFromPEM(text):
		p.add(at, path+" holds no certificate", "name a PEM file with certificates")
	}
}
