package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
