package stream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

// copyOf returns a function that puts a directory back as it is now.
func copyOf(t *testing.T, dir string) (restore func()) {
	t.Helper()
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
			t.Fatal(err)
		}
	}
}

// A server that has lost what it stored last, and stores something else in its
// place before the node is back, has another order, however far it has come. That
// shows even if what it has in the place of the last message is gone as well.
func TestAStreamThatHasForgottenAndGoneOnIsAnotherOrder(t *testing.T) {
	for _, most := range []int{1000, 64} {
		t.Run(fmt.Sprint("of ", most), func(t *testing.T) {
			dir := t.TempDir()
			srv := natstest.Start(t, func(o *server.Options) { o.JetStream, o.StoreDir = true, dir })
			n := startNode(t, nil, func(o *stream.Options) {
				o.Access, o.MaxMessages = nats.Access{Servers: []string{srv.URL}}, most
			}).ready()
			r := n.follow("", "c")
			n.say("c", "", "a")
			r.want("a")
			srv.Stop()
			restore := copyOf(t, dir)
			srv.Restart()
			n.ready()
			var last string
			for _, word := range numbers(1, 5) {
				last = n.say("c", "", word)
				r.want(word)
			}
			stored := time.Now()
			srv.Stop()
			restore()
			n.until("the clock goes on", func() bool { return time.Since(stored) > 1200*time.Millisecond })
			srv.Restart()
			nc := srv.Connect()
			send := func(subject, data string) {
				t.Helper()
				if _, err := nc.Request(subject, []byte(data), goodTime); err != nil {
					t.Fatal(err)
				}
			}
			send("holdfast.channels.d", "new")
			for i := range 200 {
				send("holdfast.channels.c", fmt.Sprint("new", i))
			}
			r.want(channels.ErrClosed.Error())
			n.follow(last, "c").want("gap:epoch")
		})
	}
}
