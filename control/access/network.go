package access

import "net/netip"

// subscriberBits is how much of an IPv6 address is one customer's: a host has at
// least a /64 (RFC 4291 §2.5.1), and takes any address in it.
const subscriberBits = 64

// network returns what stands for an address where wrong tokens are counted: an
// IPv4 address, or the /64 of an IPv6 address. Where no address is known, all are
// one.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	prefix, _ := a.Prefix(subscriberBits) // the error is for other lengths
	return prefix.Addr()
}
