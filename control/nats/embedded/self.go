package embedded

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// lookupTimeout bounds the question for one host's addresses. A peer that is not
// there yet may have none.
const lookupTimeout = 2 * time.Second

// machine is what a server knows of where it runs.
type machine struct {
	hostname  string
	addresses []netip.Addr // of its interfaces
	lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
}

// thisMachine asks the system.
func thisMachine() (machine, error) {
	m := machine{lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}}
	var err error
	if m.hostname, err = os.Hostname(); err != nil {
		return m, err
	}
	interfaces, err := net.InterfaceAddrs()
	for _, address := range interfaces {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			m.addresses = append(m.addresses, prefix.Addr())
		}
	}
	return m, err
}

// others returns the peers without the server itself, each once. It asks for the
// addresses of hosts that it does not know; one that has none is another's.
func (c *Cluster) others(ctx context.Context, m machine) ([]string, error) {
	var others []string
	for _, peer := range c.Peers {
		mine, err := c.isSelf(ctx, m, peer)
		if err != nil {
			return nil, err
		}
		if !mine && !slices.Contains(others, peer) {
			others = append(others, peer)
		}
	}
	if len(others) == 0 {
		return nil, fmt.Errorf("cluster peers %s are all this server itself; name the others, or leave the cluster out", strings.Join(c.Peers, ", "))
	}
	return others, nil
}

// isSelf reports whether peer is where this server listens or says that it does.
func (c *Cluster) isSelf(ctx context.Context, m machine, peer string) (bool, error) {
	for _, own := range []string{c.Listen, c.Advertise} {
		if own == "" {
			continue
		}
		same, err := m.same(ctx, own, peer)
		if same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// same reports whether who connects to peer may reach a listener on own. The
// ports are compared first, so that hosts are only looked up where it matters.
func (m machine) same(ctx context.Context, own, peer string) (bool, error) {
	ownHost, ownPort, err := net.SplitHostPort(own)
	if err != nil {
		return false, err
	}
	host, port, err := net.SplitHostPort(peer)
	if err != nil || port != ownPort {
		return false, err
	}
	if strings.EqualFold(host, ownHost) {
		return true, nil
	}
	if everywhere(ownHost) {
		return strings.EqualFold(host, m.hostname) || slices.ContainsFunc(m.resolve(ctx, host), m.has), nil
	}
	heard := m.resolve(ctx, ownHost)
	return slices.ContainsFunc(m.resolve(ctx, host), func(a netip.Addr) bool { return slices.Contains(heard, a) }), nil
}

// has reports whether a is an address of the machine. All of 127.0.0.0/8 is, and
// some systems give their own name one that no interface has.
func (m machine) has(a netip.Addr) bool { return a.IsLoopback() || slices.Contains(m.addresses, a) }

// resolve returns the addresses of host, none if they cannot be found out.
func (m machine) resolve(ctx context.Context, host string) []netip.Addr {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address.Unmap()}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := m.lookup(ctx, host)
	if err != nil {
		return nil
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found
}

// everywhere reports whether a listener on host takes all of the machine's
// addresses.
func everywhere(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "" || err == nil && address.IsUnspecified()
}
