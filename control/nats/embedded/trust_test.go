package embedded_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// What the machine had in memory is lost when it loses power, but not when the
// process alone ends.
func TestAStoreIsSuspectAfterAPowerCut(t *testing.T) {
	dir := t.TempDir()
	running := filepath.Join(dir, "running")
	begin := func(o embedded.Options, want bool) *node {
		t.Helper()
		o.StoreDir = dir
		n := start(t, o).ready()
		if n.Suspect() != want {
			t.Fatalf("suspect: %t, want %t", n.Suspect(), want)
		}
		return n
	}
	leave := func(text string) {
		t.Helper()
		if err := os.WriteFile(running, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := begin(embedded.Options{}, false)
	first.stream(1)
	first.publish("holdfast.channels.c", "kept")
	boot, err := os.ReadFile(running)
	if err != nil || len(boot) == 0 {
		t.Fatalf("%q, %v", boot, err)
	}
	first.Shutdown()
	if _, err := os.Stat(running); err == nil {
		t.Error("the store ended in peace, and does not say so")
	}
	leave(string(boot))
	begin(embedded.Options{}, false).Shutdown() // it was killed
	always := begin(embedded.Options{SyncAlways: true}, false)
	text, err := os.ReadFile(running)
	if err != nil {
		t.Fatal(err)
	}
	always.Shutdown()
	leave(string(text))
	begin(embedded.Options{}, false).Shutdown() // all was on the disk
	leave("another start\n")
	begin(embedded.Options{SyncAlways: true}, true).Shutdown()
	last := begin(embedded.Options{}, true) // as long as nobody has done something about it
	if err := last.Trust(); err != nil || last.Suspect() {
		t.Errorf("still suspect, %v", err)
	}
	last.Shutdown()
	begin(embedded.Options{}, false).Shutdown()
	leave("")
	begin(embedded.Options{SyncAlways: true}, true).Shutdown() // an operator wants it
}
