package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChangesNamesTheKeysThatDiffer(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Config)
		want []string
	}{
		{"nothing", func(*Config) {}, nil},
		{"a single value", func(c *Config) { c.Log.Level = LogDebug }, []string{"log.level"}},
		{"a list is one key", func(c *Config) { c.Routes = []Route{DefaultRoute()} }, []string{"routes"}},
		{"a key deep in a section", func(c *Config) { c.NATS.Embedded.Cluster.Name = "c" }, []string{"nats.embedded.cluster.name"}},
		{
			"several, in the order of the manual", func(c *Config) { c.Drain.Delay, c.MaxStreams, c.Origin = time.Second, 7, "http://a" },
			[]string{"origin", "max_streams", "drain.delay"},
		},
		{"a list of networks", func(c *Config) { c.TrustedProxies = []netip.Prefix{{}} }, []string{"trusted_proxies"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next := Default()
			tt.edit(&next)
			if diff := cmp.Diff(tt.want, Default().Changes(next)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeepingTakesTheKeysAndNothingElse(t *testing.T) {
	running, next := Default(), Default()
	running.Listen, next.Listen = []string{":1"}, []string{":2"}
	running.NATS.Prefix, next.NATS.Prefix = "one", "two"
	next.Origin = "http://a"
	got := next.Keeping(running, []string{"listen", "nats.prefix"})
	if diff := cmp.Diff([]string{"origin"}, running.Changes(got)); diff != "" {
		t.Error(diff)
	}
	if next.NATS.Prefix != "two" {
		t.Error("it has changed what it was made of")
	}
}

func TestWhatNeedsARestart(t *testing.T) {
	for key, want := range map[string]bool{
		"routes": false, "origin": false, "limits.queue": false, "grip.sig_key": false, "log.level": false, "control.tokens": false,
		"listen": true, "tls.listen": true, "control.listen": true, "log.format": true, "hold.sockets.probes": true, "channels.idle": true,
		"nats.url": true,
	} {
		if got := NeedsRestart(key); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

func TestEveryKeyThatIsTakenOverExists(t *testing.T) {
	known := map[string]bool{}
	leaves(reflect.TypeFor[Config](), "", func(key string, _ reflect.Type) {
		known[key] = true
		for i := range key {
			known[key[:i]] = known[key[:i]] || key[i] == '.'
		}
	})
	for _, key := range taken() {
		if !known[key] {
			t.Errorf("there is no %s", key)
		}
	}
}

func TestFilesAreThoseThatSettingsName(t *testing.T) {
	c := Default()
	c.TLS.Certificates = []Certificate{{Cert: "/c.pem", Key: "/k.pem"}}
	c.Control.Tokens = []string{"plain", "file:/tokens"}
	c.Control.Keys = []string{"file:/keys"}
	c.GRIP.SigKey = "file:sig"
	c.NATS.Credentials, c.NATS.Password, c.NATS.TLS.CA = "/creds", "file:/password", "/ca.pem"
	route := DefaultRoute()
	route.SigKey = "file:/route"
	c.Routes = []Route{DefaultRoute(), route}
	want := []File{
		{"tls.certificates", "/c.pem"}, {"tls.certificates", "/k.pem"}, {"control.tokens", "/tokens"}, {"control.keys", "/keys"},
		{"nats.credentials", "/creds"}, {"nats.password", "/password"}, {"nats.tls.ca", "/ca.pem"},
		{"grip.sig_key", "sig"}, {"routes", "/route"},
	}
	if diff := cmp.Diff(want, c.Files()); diff != "" {
		t.Error(diff)
	}
}

// TestEveryKeyThatNamesAFileIsKnown holds namesFile against what the manual says.
func TestEveryKeyThatNamesAFileIsKnown(t *testing.T) {
	docs := readComments(t)
	var section func(of reflect.Type)
	section = func(of reflect.Type) {
		for field := range of.Fields() {
			doc := docs.of(of, field)
			if field.Type.Kind() == reflect.String && (strings.Contains(doc, "PEM file") || strings.Contains(doc, "a file with")) && !namesFile(name(field)) {
				t.Errorf("%s.%s names a file that nobody looks at", of.Name(), field.Name)
			}
			switch {
			case isSection(field.Type):
				section(field.Type)
			case isSectionList(field.Type):
				section(field.Type.Elem())
			}
		}
	}
	section(reflect.TypeFor[Config]())
}
