package certs

import "crypto/tls"

// ServerConfig returns the configuration of a server with one certificate. With
// clients, which may be nil, nobody gets through the handshake whose certificate
// these have not signed.
func ServerConfig(c *Certificate, clients *Authority) *tls.Config {
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: Set{c}.GetCertificate,
	}
	if clients == nil {
		return config
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.SessionTicketsDisabled = true // a session that is resumed has been verified by the clients of then
	base := config.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		current := base.Clone()
		current.ClientCAs = clients.Current()
		return current, nil
	}
	return config
}

// Client says how to talk to servers over TLS. Two that are equal do so in the same way.
type Client struct {
	Roots      *Authority   // who signs the servers; nil: whom the system trusts
	Own        *Certificate // for servers that ask for one; nil: none
	ServerName string       // of the servers; empty: the host that is connected to
}

// Config returns the configuration for one connection, which the caller owns.
func (c Client) Config() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.Roots != nil {
		config.RootCAs = c.Roots.Current()
	}
	if c.Own != nil {
		config.Certificates = []tls.Certificate{*c.Own.Current()}
	}
	return config
}
