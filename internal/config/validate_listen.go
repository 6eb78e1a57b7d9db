package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// filePrefix marks a secret that is in a file.
const filePrefix = "file:"

func (p *problems) checkAddresses(c Config) {
	if len(c.Listen)+len(c.TLS.Listen) == 0 {
		p.addAcross("listen", []string{"tls.listen"}, "is empty, and so is tls.listen", "name an address for clients, as in :7999")
	}
	if len(c.Control.Listen) == 0 {
		p.add("control.listen", "is empty, so nobody could publish", "name an address, as in 127.0.0.1:5561")
	}
	taken := map[string]string{}
	p.addresses("listen", c.Listen, taken)
	p.addresses("tls.listen", c.TLS.Listen, taken)
	p.addresses("control.listen", c.Control.Listen, taken)
	p.optionalAddress("nats.embedded.listen", c.NATS.Embedded.Listen, taken)
	p.optionalAddress("nats.embedded.cluster.listen", c.NATS.Embedded.Cluster.Listen, taken)
	p.checkZMQ(c.ZMQ, taken)
}

func (p *problems) addresses(key string, addresses []string, taken map[string]string) {
	for i, address := range addresses {
		p.address(element(key, i), address, taken)
	}
}

func (p *problems) optionalAddress(key, address string, taken map[string]string) {
	if address != "" {
		p.address(key, address, taken)
	}
}

// address checks an address, and that it is used once. Port 0 takes any free
// port, as often as it is written.
func (p *problems) address(at, address string, taken map[string]string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	other, twice := taken[address]
	switch {
	case err != nil:
		p.add(at, fmt.Sprintf("%q is not an address", address), "write host:port or :port, as in 127.0.0.1:7999")
	case twice:
		p.addAcross(at, []string{other}, address+" is also "+other, "use another port")
	case port != "0":
		taken[address] = at
	}
}

func (p *problems) checkControl(c Control) {
	for i, address := range c.Listen {
		if reachable(address) && !c.Guarded() && c.TLS.ClientCA == "" {
			p.addAcross(element("control.listen", i), []string{"control.tokens", "control.access", "control.tls.client_ca"},
				fmt.Sprintf("others can reach %s, and need no token: anyone could publish", address),
				"set control.tokens, control.access or control.tls.client_ca, or listen on 127.0.0.1 only")
		}
	}
	for i, key := range c.Keys {
		p.key(element("control.keys", i), key)
	}
	for i, id := range c.FastlyServices {
		if !service(id) {
			p.add(element("control.fastly_services", i), fmt.Sprintf("%q is not the id of a service", id), "use letters, digits, - and _")
		}
	}
	for i, token := range c.Tokens {
		p.token(element("control.tokens", i), token)
	}
	p.checkAccess(c)
}

// reachable reports whether others than this machine can reach an address, host:port.
func reachable(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && !loopback(host)
}

// loopback reports whether only this machine can reach an address with host.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// sendable reports whether a token fits into an Authorization header.
func sendable(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (p *problems) checkGRIP(g GRIP) {
	p.signingKey("grip.sig_key", g.SigKey)
	for i, key := range g.UpstreamKeys {
		p.key(element("grip.upstream_keys", i), key)
	}
	if g.SigKey != "" && g.SigIss == "" {
		p.addAcross("grip.sig_iss", []string{"grip.sig_key"}, "is empty, and grip.sig_key is set", "name the issuer, as in pushpin")
	}
}

// signingKey looks at a key as it is written; an empty one signs nothing.
func (p *problems) signingKey(at, key string) {
	if key != "" {
		p.key(at, key)
	}
}

// key looks at a key of signatures as it is written.
func (p *problems) key(at, key string) {
	text, isBase64 := strings.CutPrefix(key, "base64:")
	_, err := base64.StdEncoding.DecodeString(text)
	switch {
	case key == "":
		p.add(at, "is empty", "write text, base64:... or file:PATH")
	case key == filePrefix:
		p.add(at, "names no file", "write file:PATH")
	case isBase64 && (err != nil || text == ""):
		p.add(at, "is not base64 after base64:", "encode the key with padding, as `base64` prints it")
	}
}

// service reports whether an id can be a segment of a path as it is.
func service(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}
