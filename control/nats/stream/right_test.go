package stream_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

const manual = "../../../docs/cluster.md"

// startAs runs a server that stores, with these users and an owner.
func startAs(t *testing.T, users []*server.User) *natstest.Server {
	users = append(users, &server.User{Username: "owner", Password: "p"})
	return natstest.Start(t, func(o *server.Options) { o.JetStream, o.StoreDir, o.Users = true, t.TempDir(), users })
}

// asManual connects as the manual's user.
func asManual(srv *natstest.Server, log *zap.Logger) func(*stream.Options) {
	return func(o *stream.Options) {
		o.Access = nats.Access{Servers: []string{srv.URL}, User: "holdfast", Password: "..."}
		o.Log = log
	}
}

// TestThePermissionsOfTheManualSuffice, and are no more than is needed.
func TestThePermissionsOfTheManualSuffice(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	listener := nats.Options{Prefix: nats.DefaultPrefix, Stored: true}
	var publish, subscribe []string
	for _, r := range slices.Concat(stream.Rights(nats.DefaultPrefix), listener.Rights(), nodes.Rights(nats.DefaultPrefix)) {
		if r.Verb == nats.Publish {
			publish = append(publish, r.Subject)
		} else {
			subscribe = append(subscribe, r.Subject)
		}
	}
	p := users[0].Permissions
	for what, lists := range map[string][2][]string{"publish": {p.Publish.Allow, publish}, "subscribe": {p.Subscribe.Allow, subscribe}} {
		slices.Sort(lists[0])
		slices.Sort(lists[1])
		lists[1] = slices.Compact(lists[1])
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: the manual has\n%v, needed is\n%v", what, lists[0], lists[1])
		}
	}
	srv := startAs(t, users)
	core, logs := observer.New(zap.WarnLevel)
	a, b := startNode(t, nil, asManual(srv, zap.New(core))).ready(), startNode(t, nil, asManual(srv, zap.New(core))).ready()
	at := a.say("c", "", "1")
	a.say("c", "", "2")
	r := b.follow(at, "c")
	r.want("2")
	b.say("c", "", "3")
	r.want("3")
	if _, err := a.bus.End(t.Context(), "c"); err != nil {
		t.Error(err)
	}
	r.want("close")
	if logs.Len() > 0 {
		t.Errorf("logged %v", logs.All())
	}
	nothingButItems(t, srv, 4) // and the marks
}

// nothingButItems checks what the probes of two nodes have left in the stream.
func nothingButItems(t *testing.T, srv *natstest.Server, items uint64) {
	t.Helper()
	js, err := jetstream.New(srv.Connect(client.UserInfo("owner", "p")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "HOLDFAST")
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	for subject, n := range info.State.Subjects {
		if subject == "holdfast.channels.c" && n != items || subject != "holdfast.channels.c" && subject != "holdfast.mark" {
			t.Errorf("%d messages on %s", n, subject)
		}
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	for _, right := range stream.Rights(nats.DefaultPrefix) {
		t.Run(string(right.Verb)+" "+right.Subject, func(t *testing.T) {
			users := natstest.ManualUsers(t, manual)
			srv := startAs(t, natstest.Without(users, string(right.Verb), right.Subject))
			core, logs := observer.New(zap.WarnLevel)
			n := startNode(t, nil, asManual(srv, zap.New(core)))
			want := "nats: not allowed to " + string(right.Verb) + " to " + right.Subject + ";"
			n.until(want, func() bool { return strings.HasPrefix(strings.Join(n.bus.NotReady(), "\n"), want) })
			n.until("it is logged", func() bool { return logs.FilterMessageSnippet(want).Len() > 0 })
			if n := logs.FilterMessageSnippet(want).Len(); n != 1 {
				t.Errorf("logged %d times", n)
			}
		})
	}
}

// A stream that somebody else has made may not be what it must be, and we may not
// change it.
func TestAStreamThatWeMayNotChangeIsNamed(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	srv := startAs(t, natstest.Without(users, "publish", "$JS.API.STREAM.UPDATE.HOLDFAST"))
	js, err := jetstream.New(srv.Connect(client.UserInfo("owner", "p")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "HOLDFAST", Subjects: []string{"holdfast.channels.>"}}); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, nil, asManual(srv, zap.NewNop()))
	const want = "nats: not allowed to publish to $JS.API.STREAM.UPDATE.HOLDFAST;"
	n.until(want, func() bool { return strings.HasPrefix(strings.Join(n.bus.NotReady(), "\n"), want) })
}

func TestANATSWithoutJetStreamIsNamed(t *testing.T) {
	srv := natstest.Start(t)
	n := startNode(t, nil, func(o *stream.Options) {
		o.Access, o.Log = nats.Access{Servers: []string{srv.URL}}, zap.NewNop()
	})
	n.until("the reason", func() bool {
		return strings.Contains(strings.Join(n.bus.NotReady(), "\n"), "JetStream is not enabled")
	})
}

// Others wait for nothing, and are stored.
func TestAChannelThatTheServerDeniesIsAnsweredAtOnce(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	users[0].Permissions.Publish.Deny = []string{"holdfast.channels.s1", "holdfast.channels.s2"}
	srv := startAs(t, users)
	core, logs := observer.New(zap.WarnLevel)
	n := startNode(t, nil, asManual(srv, zap.New(core))).ready()
	var all sync.WaitGroup
	for i := range 150 {
		name := []string{"s1", "s2", "c"}[i%3]
		all.Go(func() {
			_, err := n.intake.Event(t.Context(), intake.Event{Channel: name, Data: []byte("x")})
			if name == "c" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			status, problem := intake.Problem(err)
			if want := "NATS does not let Holdfast publish to holdfast.channels." + name + "; add it to what its user may publish, or take it out of what is denied. Nothing of the item is stored."; status != 503 || problem != want {
				t.Errorf("%s: %d %s", name, status, problem)
			}
		})
	}
	all.Wait()
	if reasons := n.bus.NotReady(); reasons != nil {
		t.Errorf("not ready: %v", reasons)
	}
	if logs.FilterMessageSnippet("allow_responses").Len() > 0 {
		t.Errorf("logged %v", logs.All())
	}
	if got, want := n.published(), map[string]float64{"stored": 50, "refused": 100}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}
