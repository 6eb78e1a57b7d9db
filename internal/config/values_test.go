package config

import (
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
