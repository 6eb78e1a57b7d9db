package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// reloadable is a server whose file may change.
type reloadable struct {
	*server
	file  string
	level zap.AtomicLevel
	again func() (reload.Outcome, error) // POST /reload without a request
}

// startReloadable serves what the YAML file says, and reads it again when it is asked
// to, or has changed where that is said there.
func startReloadable(t testing.TB, text string) *reloadable {
	t.Helper()
	return startReloadableFrom(t, writeFile(t, "holdfast.yaml", complete(text)))
}

// startReloadableFrom is startReloadable for a file of the caller's.
func startReloadableFrom(t testing.TB, file string) *reloadable {
	t.Helper()
	r := &reloadable{file: file, level: zap.NewAtomicLevel()}
	sources := config.Sources{File: r.file}
	cfg, _, err := load(sources)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNode(cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	again := newRenewal(n, reading{sources: sources, cfg: cfg}.sum(), r.level)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		again.Run(ctx, nil)
	}()
	t.Cleanup(func() { stop(); <-done })
	r.server, r.again = runServer(t, n), n.reload
	return r
}

// complete completes a file: with free ports, a quick end, and nobody who looks at it, unless
// it says otherwise.
func complete(text string) string {
	for key, section := range map[string]string{
		"listen:": "listen: ['127.0.0.1:0']\n", "control:": "control: {listen: ['127.0.0.1:0']}\n",
		"drain:": "drain: {window: 0s}\n", "reload:": "reload: {watch: 0s}\n",
	} {
		if !strings.HasPrefix(text, key) && !strings.Contains(text, "\n"+key) {
			text += "\n" + section
		}
	}
	return text
}

// write changes the file.
func (r *reloadable) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.file, []byte(complete(text)), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// reloaded is the answer of POST /reload.
type reloaded struct{ Changed, Restart, Problems []string }

// reload changes the file and has it read.
func (r *reloadable) reload(text string) (int, reloaded) {
	r.t.Helper()
	r.write(text)
	status, answer := r.ask(http.MethodPost, "/reload")
	var said reloaded
	if err := json.Unmarshal([]byte(answer), &said); err != nil {
		r.t.Fatalf("%d %s", status, answer)
	}
	return status, said
}

// mustReload is reload for a file that is not refused.
func (r *reloadable) mustReload(text string) reloaded {
	r.t.Helper()
	status, said := r.reload(text)
	if status != http.StatusOK {
		r.t.Fatalf("%d %+v", status, said)
	}
	return said
}
