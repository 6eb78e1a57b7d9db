package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokensChange(t *testing.T) {
	tokens := writeFile(t, "tokens", "first\n")
	file := "origin: http://127.0.0.1:1\ncontrol: {listen: ['127.0.0.1:0'], tokens: ['file:" + tokens + "']}\nreload: {watch: 100ms}\n"
	s := startReloadable(t, file)
	s.token = "first"
	if status, _ := s.ask(http.MethodGet, "/channels"); status != http.StatusOK {
		t.Fatalf("the first token: %d", status)
	}
	if err := os.WriteFile(tokens, []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.token = "second"
	eventually(t, "the second token is known", func() bool {
		status, _ := s.ask(http.MethodGet, "/channels")
		return status == http.StatusOK
	})
	s.token = "first"
	if status, _ := s.ask(http.MethodGet, "/channels"); status != http.StatusUnauthorized {
		t.Errorf("the first token: %d", status)
	}
	if status, _ := s.ask(http.MethodPost, "/reload"); status != http.StatusUnauthorized {
		t.Errorf("reload with it: %d", status)
	}
}

func TestAReloadSaysWhichFilesHaveChanged(t *testing.T) {
	tokens, key := writeFile(t, "tokens", "first\n"), writeFile(t, "key", "one")
	file := "origin: http://127.0.0.1:1\ngrip: {sig_key: 'file:" + key + "'}\ncontrol: {listen: ['127.0.0.1:0'], tokens: ['file:" + tokens + "']}\n"
	s := startReloadable(t, file)
	s.token = "first"
	if err := errors.Join(os.WriteFile(tokens, []byte("first\nsecond\n"), 0o600), os.WriteFile(key, []byte("two"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"control.tokens", "grip.sig_key"}, s.mustReload(file).Changed); diff != "" {
		t.Error(diff)
	}
	if said := s.mustReload(file); len(said.Changed) > 0 {
		t.Errorf("nothing has changed, it says %v", said.Changed)
	}
}

// TestKubernetesSwapsAFolder: the file is a link through another, which is renamed over.
func TestKubernetesSwapsAFolder(t *testing.T) {
	dir := t.TempDir()
	publish := func(version, prefix string) {
		text := complete("routes:\n" + prefixed(prefix, "http://127.0.0.1:1", "") + "reload: {watch: 100ms}\n")
		if err := errors.Join(
			os.Mkdir(filepath.Join(dir, version), 0o700),
			os.WriteFile(filepath.Join(dir, version, "holdfast.yaml"), []byte(text), 0o600),
			os.Symlink(version, filepath.Join(dir, "..new")),
			os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")),
		); err != nil {
			t.Fatal(err)
		}
	}
	publish("..one", "a")
	link := filepath.Join(dir, "holdfast.yaml")
	if err := os.Symlink(filepath.Join("..data", "holdfast.yaml"), link); err != nil {
		t.Fatal(err)
	}
	s := startReloadableFrom(t, link)
	client := newClient(t)
	publish("..two", "b")
	eventually(t, "the new route takes requests", func() bool {
		response, _ := get(t, client, s.server, "", "/b/")
		return response.StatusCode == http.StatusBadGateway
	})
	if response, _ := get(t, client, s.server, "", "/a/"); response.StatusCode != http.StatusNotFound {
		t.Errorf("the old one: %s", response.Status)
	}
}

func TestAFileThatWasMissingIsReadWhenItIsThere(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	const origin = "origin: http://127.0.0.1:1\nreload: {watch: 100ms}\n"
	s := startReloadable(t, origin)
	status, _ := s.reload(origin + "control: {listen: ['127.0.0.1:0'], tokens: ['file:" + tokens + "']}\n")
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("a token in no file: %d", status)
	}
	if err := os.WriteFile(tokens, []byte("late\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the token is asked for", func() bool {
		status, _ := s.ask(http.MethodGet, "/channels")
		return status == http.StatusUnauthorized
	})
}
