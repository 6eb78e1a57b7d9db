package config

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSizesAreReadAndWritten(t *testing.T) {
	tests := []struct {
		text    string
		want    Size
		written string
	}{
		{"0", 0, "0B"}, {"512", 512, "512B"}, {"512B", 512, "512B"}, {"64KiB", 64 * KiB, "64KiB"},
		{"1024KiB", MiB, "1MiB"}, {"1 GiB", GiB, "1GiB"}, {"-1KiB", -KiB, "-1KiB"}, {"1025B", 1025, "1025B"},
	}
	for _, tt := range tests {
		got, err := ParseSize(tt.text)
		if err != nil || got != tt.want || got.String() != tt.written {
			t.Errorf("%q: %d, written %s, %v; want %d, %s", tt.text, got, got, err, tt.want, tt.written)
		}
	}
	for _, text := range []string{"", "B", "1.5MiB", "1MB", "1 mib", "9223372036854775807KiB", "99999999999999999999"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestAllRoutesAreTidy(t *testing.T) {
	cfg := Config{Origin: "http://o", Limits: Limits{OriginRequests: 7}, Routes: []Route{
		{Host: "API.example.com.", PathPrefix: "/v1/"},
		{Name: "named", PathPrefix: "/v2", OriginRequests: 3},
	}}
	rest := DefaultRoute()
	rest.Name, rest.Origins, rest.OriginRequests = "/", []string{"http://o"}, 7
	want := []Route{
		{Name: "api.example.com/v1", Host: "api.example.com", PathPrefix: "/v1", OriginRequests: 7},
		{Name: "named", PathPrefix: "/v2", OriginRequests: 3},
		rest,
	}
	if diff := cmp.Diff(want, cfg.AllRoutes()); diff != "" {
		t.Error(diff)
	}
	if cfg.Routes[0].Name != "" {
		t.Error("the configuration itself was changed")
	}
}

func TestHeaderLines(t *testing.T) {
	tests := []struct {
		name, line, header, value string
		ok                        bool
	}{
		{"blanks around the value go", "X-A: \tb c ", "X-A", "b c", true},
		{"only the first colon splits", "X-A:b:c", "X-A", "b:c", true},
		{"the value may be empty", "X-A:", "X-A", "", true},
		{"a blank before the colon is no name", "X-A : b", "", "", false},
		{"no name", ": b", "", "", false},
		{"no colon", "X-A", "", "", false},
		{"a NUL", "X-A: \x00", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, value, err := ParseHeader(tt.line)
			if name != tt.header || value != tt.value || (err == nil) != tt.ok {
				t.Errorf("got %q, %q, %v", name, value, err)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	known := []string{"listen", "origin", "max_streams"}
	for word, want := range map[string]string{"listn": "listen", "Origin": "origin", "maxstreams": "max_streams", "timeout": ""} {
		if got := nearest(word, known); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

// Clients of listeners for IPv6 that come by IPv4 are known by that, however the
// network is written.
func TestANetworkOfIPv4IsTheSameWrittenAsIPv6(t *testing.T) {
	path := writeFile(t, "origin: http://a\ntrusted_proxies: ['::ffff:10.0.0.1', '::ffff:10.1.0.0/112', '2001:db8::/32', '::/0']\n")
	got, _, err := Load(Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("::/0"),
	}
	if !slices.Equal(got.TrustedProxies, want) {
		t.Errorf("got %v", got.TrustedProxies)
	}
}

func TestAHostMayBeAnAddress(t *testing.T) {
	for _, host := range []string{"192.0.2.1", "::1", "[::1]", "API.example.com.", "my_host"} {
		path := writeFile(t, "routes: [{origins: ['http://a'], host: '"+host+"'}]\n")
		if _, _, err := Load(Sources{File: path}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
