package quota

import "net/netip"

// clientBits is how much of an IPv6 address tells one client from another. A host is
// commonly given a /64, in which it may take any address (RFC 6177, RFC 7421).
const clientBits = 64

// Client returns what all addresses of one client have in common: an IPv4 address
// itself, also where it is written as IPv6; of an IPv6 address its /64. An address
// that is none is a client like the others.
func Client(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(clientBits)
	if err != nil {
		panic(err) // IPv6 has 128 bits
	}
	return p.Addr()
}
