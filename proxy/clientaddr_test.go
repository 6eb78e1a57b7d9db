package proxy

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestTheClientsAddressIsWhatTrustedProxiesSay(t *testing.T) {
	trusted := trustedPeers{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody in front", "192.0.2.1:1000", nil, "192.0.2.1"},
		{"a client that makes something up", "192.0.2.1:1000", []string{"198.51.100.1"}, "192.0.2.1"},
		{"one proxy", "10.0.0.1:1000", []string{"192.0.2.1"}, "192.0.2.1"},
		{"two proxies", "10.0.0.1:1000", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"in lines of their own", "10.0.0.1:1000", []string{"192.0.2.1", "2001:db8:1::5"}, "192.0.2.1"},
		{"what the client has made up before", "10.0.0.1:1000", []string{"198.51.100.1, 192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"a client inside", "10.0.0.1:1000", []string{"10.0.0.9, 10.0.0.2"}, "10.0.0.9"},
		{"a proxy that says nothing", "10.0.0.1:1000", nil, "10.0.0.1"},
		{"a proxy that hides it", "10.0.0.1:1000", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"a port", "10.0.0.1:1000", []string{"192.0.2.1:5000"}, "192.0.2.1"},
		{"IPv6 with a port", "10.0.0.1:1000", []string{"[2001:db8::1]:5000"}, "2001:db8::1"},
		{"IPv6 in brackets", "10.0.0.1:1000", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv4 as IPv6", "[::ffff:10.0.0.1]:1000", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"no address", "pipe", []string{"192.0.2.1"}, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			if got := trusted.clientAddr(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
