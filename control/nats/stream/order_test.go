package stream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

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

// A node that has not seen it cannot tell that its stream has lost something: it is
// told.
func TestAStreamThatMayHaveForgottenIsAnotherOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	first := startNode(t, server.InProcess()).ready()
	old := first.say("c", "", "1")
	renewed := make(chan struct{})
	n := startNode(t, server.InProcess(), func(o *stream.Options) { o.Renewed = func() { close(renewed) } }).ready()
	<-renewed
	n.follow(old, "c").want("gap:epoch")
	n.bus.Alarm()
	first.bus.Alarm()
	first.until("all have the other order", func() bool { return first.hub.Epoch() == n.hub.Epoch() })
	place := first.say("c", "", "2")
	first.say("c", "", "3")
	n.follow(place, "c").want("3")
}

// An operator begins another order with whatever word.
func TestAWordOfAnOperatorIsAnotherOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	old, epoch := n.say("c", "", "1"), n.hub.Epoch()
	js, err := jetstream.New(connect(t, server))
	if err != nil {
		t.Fatal(err)
	}
	cfg := streamOf(t, server).CachedInfo().Config
	cfg.Metadata["holdfast_epoch"] = "after the power cut"
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	n.bus.Alarm()
	n.until("there is another order", func() bool { return n.hub.Epoch() != epoch })
	n.follow(old, "c").want("gap:epoch")
	place := n.say("c", "", "2")
	n.say("c", "", "3")
	n.follow(place, "c").want("3")
}
