package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// TestTheDefaultsOfTheEmbeddedServerAreTheDocumentedOnes: the package has its own,
// for those who do not come from a configuration.
func TestTheDefaultsOfTheEmbeddedServerAreTheDocumentedOnes(t *testing.T) {
	o, err := embeddedOptions(config.Default().NATS)
	if err != nil {
		t.Fatal(err)
	}
	want := embedded.Options{
		MaxStore: embedded.DefaultMaxStore, MaxMemory: embedded.DefaultMaxMemory,
		MaxPayload: embedded.DefaultMaxPayload, SyncInterval: embedded.DefaultSyncInterval,
	}
	if diff := cmp.Diff(want, o, cmpopts.IgnoreUnexported(embedded.Options{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheSettingsOfTheEmbeddedServerReachIt(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("s3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "holdfast.yaml")
	if err := os.WriteFile(file, []byte(`origin: http://127.0.0.1:1
nats:
  embedded:
    store_dir: /var/lib/holdfast
    server_name: one
    max_store: 1GiB
    max_memory: 1MiB
    max_payload: 16MiB
    sync_interval: 1s
    sync_always: true
    listen: ":4222"
    users: [{user: u, password: "file:`+secret+`", publish: [a.>], subscribe: [b]}]
    cluster: {name: c, listen: ":6222", advertise: "a:6222", peers: ["a:6222", "b:6222"], user: r, password: "file:`+secret+`"}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(config.Sources{File: file})
	if err != nil {
		t.Fatal(err)
	}
	o, err := embeddedOptions(cfg.NATS)
	if err != nil {
		t.Fatal(err)
	}
	want := embedded.Options{
		StoreDir: "/var/lib/holdfast", ServerName: "one",
		MaxStore: 1 << 30, MaxMemory: 1 << 20, MaxPayload: 16 << 20, SyncInterval: time.Second, SyncAlways: true,
		Listen: ":4222", Users: []embedded.User{{Name: "u", Password: "s3", Publish: []string{"a.>"}, Subscribe: []string{"b"}}},
		Cluster: embedded.Cluster{
			Name: "c", Listen: ":6222", Advertise: "a:6222", Peers: []string{"a:6222", "b:6222"}, User: "r", Password: "s3",
		},
	}
	if diff := cmp.Diff(want, o, cmpopts.IgnoreUnexported(embedded.Options{})); diff != "" {
		t.Error(diff)
	}
}

const clusterExample = "../../examples/cluster/"

// TestTheClusterExampleIsAConfiguration, with secrets of its own.
func TestTheClusterExampleIsAConfiguration(t *testing.T) {
	text, err := os.ReadFile(clusterExample + "holdfast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"holdfast.yaml":    strings.ReplaceAll(string(text), "/run/secrets/", dir+"/"),
		"publish_token":    "t",
		"cluster_password": "p",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _, err := config.Load(config.Sources{File: filepath.Join(dir, "holdfast.yaml")}) // this user may not write there
	if err != nil {
		t.Fatal(err)
	}
	if cfg.NATS.StoredOn() != 3 {
		t.Errorf("messages are stored on %d servers", cfg.NATS.StoredOn())
	}
	peersAreServices(t, cfg.NATS.Embedded.Cluster.Peers)
}

// peersAreServices compares the peers with what the compose file runs.
func peersAreServices(t *testing.T, peers []string) {
	t.Helper()
	text, err := os.ReadFile(clusterExample + "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct{ Hostname string }
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	var hosts, services []string
	for _, peer := range peers {
		host, _, err := net.SplitHostPort(peer)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, host)
	}
	for name, service := range compose.Services {
		services = append(services, name)
		if service.Hostname != name {
			t.Errorf("%s is called %q", name, service.Hostname)
		}
	}
	slices.Sort(services)
	if !slices.Equal(hosts, services) {
		t.Errorf("peers %v, services %v", hosts, services)
	}
}
