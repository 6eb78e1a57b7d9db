package embedded_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

func TestAServerLeavesItselfOutOfItsPeers(t *testing.T) {
	m := embedded.Machine{
		Name:      "hf-1",
		Addresses: []string{"127.0.0.1", "10.0.0.1", "::1", "fe80::1"},
		Hosts: map[string][]string{
			"hf-1":             {"127.0.1.1"}, // as Debian writes into /etc/hosts
			"hf-1.example.com": {"10.0.0.1"},
			"hf-1.local":       {"127.0.1.1"},
			"hf-2":             {"10.0.0.2"},
			"hf-2.example.com": {"10.0.0.2"},
			"mapped":           {"::ffff:10.0.0.1"},
			"public":           {"203.0.113.1"},
			"both":             {"10.0.0.2", "10.0.0.1"},
		},
	}
	tests := []struct {
		name              string
		listen, advertise string
		peers             string
		want              string
	}{
		{"by its address", "0.0.0.0:6222", "", "10.0.0.1:6222 10.0.0.2:6222", "10.0.0.2:6222"},
		{"by its name", ":6222", "", "hf-1:6222 hf-2:6222", "hf-2:6222"},
		{"by its name in another case", ":6222", "", "HF-1:6222 hf-2:6222", "hf-2:6222"},
		{"by a name that it does not bear but that leads to it", ":6222", "", "hf-1.example.com:6222 hf-2.example.com:6222", "hf-2.example.com:6222"},
		{"by a name for a loopback address that no interface has", ":6222", "", "hf-1.local:6222 hf-2:6222", "hf-2:6222"},
		{"by a name with several addresses", ":6222", "", "both:6222 hf-2:6222", "hf-2:6222"},
		{"over IPv6", "[::]:6222", "", "[::1]:6222 [fe80::2]:6222", "[fe80::2]:6222"},
		{"by an IPv4 address in IPv6's clothes", ":6222", "", "mapped:6222 hf-2:6222", "hf-2:6222"},
		{"where it listens on one address, by a name for it", "10.0.0.1:6222", "", "hf-1.example.com:6222 hf-2:6222", "hf-2:6222"},
		{"where it listens on a name, by the address", "hf-1.example.com:6222", "", "10.0.0.1:6222 hf-2:6222", "hf-2:6222"},
		{"where it listens on one address, not by another of its own", "10.0.0.1:6222", "", "127.0.0.1:6222 hf-2:6222", "127.0.0.1:6222 hf-2:6222"},
		{"not by another port", "127.0.0.1:6222", "", "127.0.0.1:6222 127.0.0.1:6223 127.0.0.1:6224", "127.0.0.1:6223 127.0.0.1:6224"},
		{"by what it advertises", ":6222", "public:7222", "public:7222 hf-2:6222", "hf-2:6222"},
		{"by the address of what it advertises", ":6222", "public:7222", "203.0.113.1:7222 203.0.113.1:7223", "203.0.113.1:7223"},
		{"not by a name that nobody knows", ":6222", "", "unknown:6222 hf-1:6222", "unknown:6222"},
		{"though it is not in the list", ":6222", "", "hf-2:6222 unknown:6222", "hf-2:6222 unknown:6222"},
		{"and takes each other once", ":6222", "", "hf-2:6222 hf-1:6222 hf-2:6222", "hf-2:6222"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := embedded.Cluster{Listen: tt.listen, Advertise: tt.advertise, Peers: strings.Fields(tt.peers)}
			got, err := c.Others(context.Background(), m)
			if err != nil || !slices.Equal(got, strings.Fields(tt.want)) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
