package quota

import (
	"net/netip"
	"testing"
)

func TestAddressesOfOneClientAreOne(t *testing.T) {
	tests := []struct{ name, a, b, want string }{
		{"an IPv4 address is a client", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"however it is written", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"a /64 is a client", "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::"},
		{"on every interface", "fe80::1%eth0", "fe80::2%eth1", "fe80::"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := Client(netip.MustParseAddr(tt.a)), Client(netip.MustParseAddr(tt.b))
			if a != b || a.String() != tt.want {
				t.Errorf("got %v and %v, want %s", a, b, tt.want)
			}
		})
	}
	if Client(netip.MustParseAddr("2001:db8:1:2::1")) == Client(netip.MustParseAddr("2001:db8:1:3::1")) {
		t.Error("two networks are one client")
	}
	if a := Client(netip.Addr{}); a.IsValid() {
		t.Errorf("no address is %v", a)
	}
}
