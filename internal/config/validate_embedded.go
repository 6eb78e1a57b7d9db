package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxReplicas     = 5        // the server's limit
	maxPayloadLimit = 64 * MiB // what the server keeps for one client
	payloadHeaders  = 64 * KiB // what a message may have around a body
)

func (p *problems) checkEmbedded(c Config) {
	n, e := c.NATS, c.NATS.Embedded
	if !e.Enabled() {
		if e.configured() {
			p.addAcross("nats.embedded.store_dir", []string{"nats.embedded"},
				"is empty, so the rest of nats.embedded would not be used", "name a directory, as in /var/lib/holdfast")
		}
		return
	}
	if len(n.URL) > 0 {
		p.addAcross("nats.embedded.store_dir", []string{"nats.url"}, "is set, and so is nats.url", "keep one of the two")
	}
	p.checkEmbeddedLimits(e, c.Control.MaxBody)
	p.checkEmbeddedClients(e)
	p.checkCluster(e)
	for at, t := range e.certificates() {
		p.together(at+".cert", t.Cert, at+".key", t.Key, "name its PEM file")
		if t.CA != "" && t.Cert == "" {
			p.addAcross(at+".cert", []string{at + ".ca"}, "is empty, and "+at+".ca is set", "name the PEM file of the certificate")
		}
	}
}

// configured reports whether something is set that needs a server.
func (e Embedded) configured() bool {
	return e.ServerName+e.Listen+e.Cluster.Name != "" || e.SyncAlways || len(e.Users) > 0 ||
		e.TLS != EmbeddedTLS{} || e.Cluster.configured()
}

// configured reports whether something is set that needs a name.
func (c EmbeddedCluster) configured() bool {
	return c.Listen+c.Advertise+c.User+c.Password != "" || len(c.Peers) > 0 || c.TLS != EmbeddedTLS{}
}

// certificates are the sections with files.
func (e Embedded) certificates() map[string]EmbeddedTLS {
	return map[string]EmbeddedTLS{"nats.embedded.tls": e.TLS, "nats.embedded.cluster.tls": e.Cluster.TLS}
}

func (p *problems) checkEmbeddedLimits(e Embedded, body Size) {
	p.positive("nats.embedded.max_store", int64(e.MaxStore))
	p.positive("nats.embedded.max_memory", int64(e.MaxMemory))
	p.positive("nats.embedded.max_payload", int64(e.MaxPayload))
	p.positive("nats.embedded.sync_interval", int64(e.SyncInterval))
	switch {
	case e.MaxPayload > maxPayloadLimit:
		p.add("nats.embedded.max_payload", fmt.Sprintf("%v is more than the server takes", e.MaxPayload), fmt.Sprintf("write %v at most", maxPayloadLimit))
	case e.MaxPayload > 0 && e.MaxPayload < body+payloadHeaders:
		p.addAcross("nats.embedded.max_payload", []string{"control.max_body"},
			fmt.Sprintf("%v has no room for control.max_body, %v, with its headers", e.MaxPayload, body),
			fmt.Sprintf("write %v or more, or lower control.max_body", body+payloadHeaders))
	}
	if strings.ContainsFunc(e.ServerName, notInServerName) {
		p.add("nats.embedded.server_name", fmt.Sprintf("%q is no name for a server", e.ServerName), "write letters, digits, - and _")
	}
}

func notInServerName(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
}

// checkEmbeddedClients looks at the port for others.
func (p *problems) checkEmbeddedClients(e Embedded) {
	const at = "nats.embedded.listen"
	if e.Listen == "" {
		if len(e.Users) > 0 || e.TLS != (EmbeddedTLS{}) {
			p.addAcross(at, []string{"nats.embedded.users", "nats.embedded.tls"},
				"is empty, so nats.embedded.users and nats.embedded.tls would not be used", "name an address, as in 127.0.0.1:4222")
		}
		return
	}
	if host, _, err := net.SplitHostPort(e.Listen); err == nil && !loopback(host) && len(e.Users) == 0 {
		p.addAcross(at, []string{"nats.embedded.users"},
			fmt.Sprintf("others can reach %s, and nats.embedded.users is empty: anyone could publish", e.Listen),
			"set nats.embedded.users, or listen on 127.0.0.1 only")
	}
	names := map[string]string{}
	for i, u := range e.Users {
		p.embeddedUser(element("nats.embedded.users", i), u, names)
	}
}

func (p *problems) embeddedUser(at string, u EmbeddedUser, names map[string]string) {
	if u.Password == "" {
		p.add(at+".password", "is empty", "write the password, or file:PATH")
	}
	other, twice := names[u.User]
	switch {
	case u.User == "":
		p.add(at+".user", "is empty", "name the user")
	case twice:
		p.addAcross(at+".user", []string{other}, fmt.Sprintf("%q is also %s", u.User, other), "give each its own name")
	default:
		names[u.User] = at + ".user"
	}
	p.subjects(at+".publish", u.Publish)
	p.subjects(at+".subscribe", u.Subscribe)
}

func (p *problems) subjects(key string, subjects []string) {
	for i, subject := range subjects {
		if strings.ContainsFunc(subject, unicode.IsSpace) || strings.Contains("."+subject+".", "..") {
			p.add(element(key, i), fmt.Sprintf("%q is no subject", subject), "write words with dots between them; * stands for one, > at the end for all that follow")
		}
	}
}

// checkCluster wants all that a cluster needs, or nothing.
func (p *problems) checkCluster(e Embedded) {
	c := e.Cluster
	if !e.Clustered() {
		if c.configured() {
			p.addAcross("nats.embedded.cluster.name", []string{"nats.embedded.cluster"},
				"is empty, so the rest of nats.embedded.cluster would not be used", "name the cluster, the same on all servers")
		}
		return
	}
	if strings.ContainsFunc(c.Name, unicode.IsSpace) {
		p.add("nats.embedded.cluster.name", fmt.Sprintf("%q has a space in it", c.Name), "write one word")
	}
	if c.Listen == "" {
		p.add("nats.embedded.cluster.listen", "is empty, so the other servers could not connect", "name an address, as in :6222")
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !loopback(host) && c.User == "" && c.TLS.Cert == "" {
		p.addAcross("nats.embedded.cluster.user", []string{"nats.embedded.cluster.listen"},
			fmt.Sprintf("is empty, and others can reach %s: anyone could join", c.Listen),
			"set user and password, or tls, or listen on 127.0.0.1 only")
	}
	p.together("nats.embedded.cluster.user", c.User, "nats.embedded.cluster.password", c.Password,
		"write both: the user, and the password or file:PATH")
	p.checkPeers(c)
}

func (p *problems) checkPeers(c EmbeddedCluster) {
	const at = "nats.embedded.cluster.peers"
	if len(c.Peers) < 2 {
		p.add(at, "names no other server", "name all servers of the cluster, this one among them, as in [a:6222, b:6222, c:6222]")
	}
	places := map[string]string{}
	for i, peer := range c.Peers {
		p.reachable(element(at, i), peer)
		if other, twice := places[peer]; twice {
			p.addAcross(element(at, i), []string{other}, peer+" is also "+other, "name each server once")
		}
		places[peer] = element(at, i)
	}
	if c.Advertise != "" {
		p.reachable("nats.embedded.cluster.advertise", c.Advertise)
	}
}

// reachable checks an address that others connect to.
func (p *problems) reachable(key, address string) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || host == "" || port == "0" {
		p.add(key, fmt.Sprintf("%q is not the address of a server", address), "write host:port, as in holdfast-1:6222")
	}
}

// checkReplicas wants as many servers as copies. All of them are in peers.
func (p *problems) checkReplicas(n NATS) {
	servers := 1
	if n.Embedded.Clustered() {
		servers = len(n.Embedded.Cluster.Peers)
	}
	switch {
	case n.Replicas > maxReplicas:
		p.add("nats.replicas", fmt.Sprintf("%d is more than the server takes", n.Replicas), fmt.Sprintf("write %d at most", maxReplicas))
	case n.Embedded.Enabled() && n.Replicas > servers:
		p.addAcross("nats.replicas", []string{"nats.embedded.cluster.peers"},
			fmt.Sprintf("%d is more than the %d of nats.embedded.cluster.peers", n.Replicas, servers),
			"name all servers there, this one among them, or store on fewer")
	}
}
