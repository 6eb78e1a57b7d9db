package cors_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/cors"
)

func TestSitesAreFoundByTheBytesThatBrowsersSend(t *testing.T) {
	tests := []struct {
		name, list, origin string
		in, named          bool
	}{
		{"the same origin", "https://a.test", "https://a.test", true, true},
		{"another scheme", "https://a.test", "http://a.test", false, false},
		{"another port", "https://a.test", "https://a.test:8443", false, false},
		{"a port that is named", "http://localhost:3000", "http://localhost:3000", true, true},
		{"a longer host", "https://a.test", "https://a.test.evil.test", false, false},
		{"a longer name in front", "https://a.test", "https://evil-a.test", false, false},
		{"in capitals, as no browser does", "https://a.test", "https://A.test", false, false},
		{"a subdomain", "https://*.a.test", "https://x.a.test", true, true},
		{"a subdomain of a subdomain", "https://*.a.test", "https://x.y.a.test", true, true},
		{"the domain itself is no subdomain", "https://*.a.test", "https://a.test", false, false},
		{"an empty label is none", "https://*.a.test", "https://.a.test", false, false},
		{"the end of another name is none", "https://*.a.test", "https://evila.test", false, false},
		{"a subdomain over another scheme", "https://*.a.test", "http://x.a.test", false, false},
		{"a subdomain on a port", "https://*.a.test", "https://x.a.test:1", false, false},
		{"a subdomain on the port that is named", "https://*.a.test:1", "https://x.a.test:1", true, true},
		{"a host that hides in a path", "https://*.a.test", "https://evil.test/.a.test", false, false},
		{"a host that hides in a user", "https://*.a.test", "https://evil@x.a.test", false, false},
		{"a host that hides in a port", "https://*.a.test", "https://evil.test:.a.test", false, false},
		{"one of several", "https://a.test https://*.b.test", "https://x.b.test", true, true},
		{"everybody", "*", "https://a.test", true, false},
		{"a sandboxed frame is somebody", "*", "null", true, false},
		{"a sandboxed frame has no name", "https://a.test", "null", false, false},
		{"nobody is not everybody", "*", "", false, false},
		{"an address", "http://[::1]:3000", "http://[::1]:3000", true, true},
		{"an app", "capacitor://localhost", "capacitor://localhost", true, true},
		{"an empty list has nobody", "", "https://a.test", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sites, err := cors.ParseSites(strings.Fields(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			if in, named := sites.Has(tt.origin), sites.Names(tt.origin); in != tt.in || named != tt.named {
				t.Errorf("in the list %v, by its name %v", in, named)
			}
		})
	}
}

func TestWhatBrowsersNeverSendIsRefusedWithItsRemedy(t *testing.T) {
	tests := []struct{ name, text, problem, remedy string }{
		{"a path", "https://a.test/", "more than scheme, host and port", "write https://a.test"},
		{"no scheme", "a.test", "has no scheme", "https://app.example.com"},
		{"nothing", "", "has no scheme", "https://app.example.com"},
		{"half a scheme", "//a.test", "has no scheme", "https://app.example.com"},
		{"no host", "https://", "has no host", "https://app.example.com"},
		{"a user", "https://me@a.test", "has no host", "https://app.example.com"},
		{"capitals", "https://App.test", "has capitals", "write https://app.test"},
		{"the default port", "https://a.test:443", "port that browsers leave out", "write https://a.test"},
		{"the other default port", "http://*.a.test:80", "port that browsers leave out", "write http://*.a.test"},
		{"an empty port", "https://a.test:", "has no port", "http://localhost:3000"},
		{"a port that is none", "https://a.test:0443", "has no port", "http://localhost:3000"},
		{"a port that is too large", "https://a.test:65536", "has no port", "http://localhost:3000"},
		{"any port", "http://localhost:*", "has no port", "http://localhost:3000"},
		{"a star in the middle", "https://a.*.test", "has a * in the middle", "https://*.example.com"},
		{"two stars", "https://*.*.test", "has a * in the middle", "https://*.example.com"},
		{"a star within a label", "https://*a.test", "has a * in the middle", "https://*.example.com"},
		{"all hosts", "https://*", "has a * in the middle", "alone for everybody"},
		{"letters of other scripts", "https://bücher.test", "is not ASCII", "xn--"},
		{"a top-level domain", "https://*.com", "lets everybody in", "name the host below it"},
		{"a public suffix", "https://*.co.uk", "lets everybody in", "name the host below it"},
		{"a public suffix of a company", "https://*.github.io", "lets everybody in", "name the host below it"},
		{"hosts below an address", "http://*.127.0.0.1", "which has no subdomains", "the address alone"},
		{"hosts below an address in brackets", "http://*.[::1]", "which has no subdomains", "the address alone"},
		{"an address that is written otherwise", "http://[0:0::1]", "no IPv6 address", "http://[::1]:3000"},
		{"an address that does not end", "http://[::1", "no IPv6 address", "http://[::1]:3000"},
		{"a sandboxed frame", "null", "sandboxed frame", "write '*', without credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := cors.CheckSite(tt.text)
			wrong, ok := err.(*cors.SiteError)
			if !ok || !strings.Contains(wrong.Problem, tt.problem) || !strings.Contains(wrong.Remedy, tt.remedy) {
				t.Errorf("got %v", err)
			}
			if _, err := cors.ParseSites([]string{"https://a.test", tt.text}); err == nil {
				t.Error("a list takes it")
			}
		})
	}
	for _, text := range []string{"*", "https://*.internal", "https://*.localhost:3000", "https://x.github.io", "https://*.x.github.io", "chrome-extension://abcdef", "http://127.0.0.1:8000"} {
		if err := cors.CheckSite(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzSites holds that a list has what it names, and of what it does not name
// only hosts below its own.
func FuzzSites(f *testing.F) {
	for _, seed := range [][2]string{
		{"https://a.test", "https://a.test"}, {"https://*.a.test", "https://x.a.test"}, {"https://*.a.test:1", "https://x@y.a.test:1"},
		{"http://[::1]:3000", "http://[::1]:3000"}, {"*", "null"}, {"https://*.a.test", "https://evil.test/.a.test"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, element, origin string) {
		sites, err := cors.ParseSites([]string{element})
		if err != nil || element == cors.Everybody {
			return
		}
		if !strings.Contains(element, "*") && !sites.Has(element) {
			t.Fatalf("%q is not in its own list", element)
		}
		if !sites.Has(origin) || origin == element {
			return
		}
		listed, err := url.Parse(strings.Replace(element, "*", "x", 1))
		if err != nil {
			t.Fatalf("%q was taken: %v", element, err)
		}
		asked, err := url.Parse(origin)
		if err != nil || asked.Scheme != listed.Scheme || asked.User != nil || asked.Path != "" || asked.Port() != listed.Port() ||
			!strings.HasSuffix(asked.Hostname(), strings.TrimPrefix(listed.Hostname(), "x")) {
			t.Fatalf("%q takes %q", element, origin)
		}
	})
}
