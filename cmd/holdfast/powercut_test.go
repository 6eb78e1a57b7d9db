package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestAPowerCutIsTold to clients that have seen what the store has lost, though others
// have their places now; a process that is killed loses nothing.
func TestAPowerCutIsTold(t *testing.T) {
	for name, running := range map[string]string{"the machine": "another start\n", "an operator": ""} {
		t.Run(name, func(t *testing.T) {
			dir, kept, origin := t.TempDir(), t.TempDir(), startOrigin(t, holding())
			run := func(name string, do func(s *server)) {
				t.Helper()
				t.Run(name, func(t *testing.T) {
					s := startServer(t, "origin: "+origin+"\nnats: {embedded: {store_dir: '"+dir+"'}}\n")
					eventually(t, "ready", func() bool { status, _ := s.ask(http.MethodGet, "/readyz"); return status == http.StatusOK })
					do(s)
				})
			}
			say := func(s *server, data string) string { s.t.Helper(); return s.publish(message("a", "", data))[0] }
			var early, late string
			run("before", func(s *server) { early = say(s, "old") })
			if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			run("what is lost", func(s *server) { late = say(s, "lost") })
			if err := os.RemoveAll(filepath.Join(dir, "jetstream")); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(filepath.Join(dir, "jetstream"), os.DirFS(filepath.Join(kept, "jetstream"))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "running"), []byte(running), 0o600); err != nil {
				t.Fatal(err)
			}
			var fresh string
			run("after", func(s *server) {
				fresh = say(s, "new 0")
				for i := range 20 {
					say(s, fmt.Sprint("new ", i+1))
				}
				for _, id := range []string{early, late} {
					follow(s.t, newClient(s.t), s.URL+"/stream?channel=a", id).wantGap("epoch")
				}
			})
			run("once only", func(s *server) {
				follow(s.t, newClient(s.t), s.URL+"/stream?channel=a", fresh).wantData("new 1")
			})
		})
	}
}
