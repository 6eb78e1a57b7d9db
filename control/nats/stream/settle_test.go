package stream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

// Prefixes that differ in what streams' names cannot have give them one name. The
// one that is there first keeps its stream.
func TestAStreamOfAnotherPrefixIsLeftAlone(t *testing.T) {
	server := startServer(t, t.TempDir())
	first := startNode(t, server.InProcess(), func(o *stream.Options) { o.Prefix = "my.app" }).ready()
	r := first.follow("", "c")
	second := startNode(t, server.InProcess(), func(o *stream.Options) { o.Prefix = "my_app" })
	second.until("readiness tells why", func() bool {
		return strings.Contains(strings.Join(second.bus.NotReady(), ""), "MY_APP: it is there already, for my.app.channels.>, my.app.mark and not for my_app.channels.>")
	})
	first.say("c", "", "1")
	r.want("1")
}

func TestSettingsOfTheStreamAreSetRight(t *testing.T) {
	for name, edit := range map[string]func(*jetstream.StreamConfig){
		"no republishing":              func(c *jetstream.StreamConfig) { c.RePublish = nil },
		"republishing of headers only": func(c *jetstream.StreamConfig) { c.RePublish.HeadersOnly = true },
		"republishing of some":         func(c *jetstream.StreamConfig) { c.RePublish.Source = "holdfast.channels.>" },
		"discarding what is new":       func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardNew },
		"a subject less":               func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[:1] },
	} {
		t.Run(name, func(t *testing.T) {
			server := startServer(t, t.TempDir())
			n := startNode(t, server.InProcess()).ready()
			r := n.follow("", "c")
			js, err := jetstream.New(connect(t, server))
			if err != nil {
				t.Fatal(err)
			}
			want := streamOf(t, server).CachedInfo().Config
			cfg := streamOf(t, server).CachedInfo().Config
			edit(&cfg)
			if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			n.bus.Alarm()
			n.until("they are set right", func() bool {
				have := streamOf(t, server).CachedInfo().Config
				return have.RePublish != nil && *have.RePublish == *want.RePublish && have.Discard == want.Discard && len(have.Subjects) == len(want.Subjects)
			})
			n.say("c", "", "1")
			r.want("1")
		})
	}
}

// What the stream has let go of because it kept less before is a gap, and what it
// has not is none.
func TestWhatWasTrimmedByALowerLimitIsAGap(t *testing.T) {
	for _, most := range []int{1000, 0} {
		t.Run(fmt.Sprint("then ", most), func(t *testing.T) {
			server := startServer(t, t.TempDir())
			var start, tenth string
			t.Run("before", func(t *testing.T) {
				n := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = 64 }).ready()
				start = n.say("x", "", "x")
				for _, word := range numbers(1, 63) {
					n.say("few", "", word)
				}
				for _, word := range numbers(1, 200) {
					if place := n.say("many", "", word); word == "10" {
						tenth = place
					}
				}
			})
			for range 2 { // the second finds the limit as it should be
				n := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = most }).ready()
				n.follow(tenth, "many").want("gap:evicted", "137")
				n.follow(start, "few").want("1", "2")
			}
		})
	}
}
