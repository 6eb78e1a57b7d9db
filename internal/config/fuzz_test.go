package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad holds that no file and no variable makes Load panic, that what it
// refuses is named key by key, and that what it accepts is valid.
func FuzzLoad(f *testing.F) {
	path := filepath.Join(f.TempDir(), "holdfast.yaml")
	f.Add("tls: {listen: [':1'], certificates: [{cert: a, key: b}]}\ndrain: {window: 5s}\n", "http://a", "[]")
	f.Add("listen: 1\nroutes: [{}, a, null]\n", "", "[{origins: [http://a]}]")
	f.Add("a: &a [*a]\n? [b]\n: c\n", "x", "{")
	f.Add("channels: {replay: 1, overrides: [{prefix: a, replay: {bytes: 9GiB}}]}", "http://a", "")
	f.Fuzz(func(t *testing.T, file, origin, routes string) {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, _, err := Load(Sources{File: path, Environ: []string{"HOLDFAST_ORIGIN=" + origin, "HOLDFAST_ROUTES=" + routes}})
		if err == nil {
			if err := cfg.Validate(); err != nil {
				t.Errorf("accepted, but not valid: %v", err)
			}
			return
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			return // the file cannot be read at all
		}
		for _, e := range joined.Unwrap() {
			var problem *KeyError
			if !errors.As(e, &problem) || problem.Key == "" || problem.Problem == "" {
				t.Errorf("a problem without a key: %#v", e)
			}
		}
	})
}
