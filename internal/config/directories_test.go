package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirectoriesAreLookedForAndNotMade(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const stored = "name a directory, or one that can be made"
	for _, tt := range []struct{ name, text, want string }{
		{"a store to be made", "nats: {embedded: {store_dir: " + dir + "/a/b}}", ""},
		{"a store below this directory", "nats: {embedded: {store_dir: a/b}}", ""},
		{"a store that is there", "nats: {embedded: {store_dir: " + dir + "}}", ""},
		{"a store below a file", "nats: {embedded: {store_dir: " + file + "/a/b}}", ":2: nats.embedded.store_dir: stat " + file + "/a/b: not a directory; " + stored},
		{"a store that is a file", "nats: {embedded: {store_dir: " + file + "}}", ":2: nats.embedded.store_dir: look into " + file + ": not a directory; " + stored},
		{"certificates below a file", "tls: {listen: [':443'], acme: {domains: [a.example], store_dir: " + file + "/a}}", ":2: tls.acme.store_dir: stat " + file + "/a: not a directory; " + stored},
		{"a socket", "zmq: {pull: ['ipc://" + dir + "/s'], sub: ['ipc://" + file + "']}", ""},
		{"a socket in no directory", "zmq: {pull: ['ipc://" + dir + "/none/s']}", ":2: zmq.pull[0]: stat " + dir + "/none: no such file or directory; make the directory"},
		{"another below a file", "zmq: {sub: ['ipc://" + dir + "/s', 'ipc://" + file + "/s']}", ":2: zmq.sub[1]: look into " + file + ": not a directory; make the directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, "origin: http://a\n"+tt.text+"\n")
			_, _, err := Load(Sources{File: path})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), path+tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
}

func TestADirectoryThatMayNotBeWrittenIsAWarning(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) == nil {
		t.Skip("this user may write everywhere")
	}
	_, warnings, err := Load(Sources{File: writeFile(t, "origin: http://a\nnats: {embedded: {store_dir: "+dir+"/a}}\n")})
	if want := "nats.embedded.store_dir: this user may not make files in " + dir; err != nil || len(warnings) != 1 || warnings[0] != want {
		t.Error(warnings, err)
	}
}
