package nats_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
)

const manual = "../../docs/nats.md"

// asManual is who the manual's user is.
func asManual(o *nats.Options) { o.User, o.Password = "holdfast", "..." }

func withUsers(users []*server.User) func(*server.Options) {
	return func(o *server.Options) { o.Users = users }
}

// rights are what a source with a relay needs.
func rights() []nats.Right {
	o := nats.Options{Prefix: nats.DefaultPrefix, Relay: nats.NewRelay(nil)}
	return o.Rights()
}

// TestThePermissionsOfTheManualSuffice, and are no more than is needed.
func TestThePermissionsOfTheManualSuffice(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	var publish, subscribe []string
	for _, r := range slices.Concat(rights(), nodes.Rights(nats.DefaultPrefix)) {
		if r.Verb == nats.Publish {
			publish = append(publish, r.Subject)
		} else {
			subscribe = append(subscribe, r.Subject)
		}
	}
	if p := users[0].Permissions; !slices.Equal(p.Publish.Allow, publish) || !slices.Equal(p.Subscribe.Allow, subscribe) {
		t.Errorf("the manual has %v and %v, needed is %v and %v", p.Publish.Allow, p.Subscribe.Allow, publish, subscribe)
	}
	srv := natstest.Start(t, withUsers(users))
	r, other := newRelayRig(t, srv, asManual), newRelayRig(t, srv, asManual)
	r.ready()
	other.ready()
	c, onOther := r.follow("shop.7", "other"), other.follow("shop.7", "other")
	nc := srv.Connect(client.UserInfo("shop", "..."), client.ErrorHandler(func(*client.Conn, *client.Subscription, error) {}))
	nc.PublishMsg(message("holdfast.channels.other", "not allowed"))
	if status, _ := request(t, nc, message("holdfast.channels.shop.7", "x")); status != "200" {
		t.Errorf("answered %s", status)
	}
	// Either of the nodes can have been the first to answer.
	eventually(t, "this node has it", func() bool { return dataAndGaps(r.read(c)) == "x" })
	eventually(t, "the other node has it", func() bool { return dataAndGaps(other.read(onOther)) == "x" })
	if status := r.say("other", "", "y"); status != 200 {
		t.Errorf("answered %d", status)
	}
	wantBoth(t, r, other, c, onOther, "y")
	if r.logs.Len() > 0 {
		t.Errorf("logged %v", r.logs.All())
	}
	if n := r.count("holdfast_nats_messages_total", "bad_subject", "channel"); n != 0 {
		t.Errorf("%v probes taken for messages", n)
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	for _, right := range rights() {
		t.Run(string(right.Verb)+" "+right.Subject, func(t *testing.T) {
			srv := natstest.Start(t, withUsers(natstest.Without(users, string(right.Verb), right.Subject)))
			r := newRelayRig(t, srv, asManual)
			want := "nats: not allowed to " + string(right.Verb) + " to " + right.Subject +
				"; add it to what the user may " + string(right.Verb) + ", or take it out of what is denied"
			r.wantReason(want)
			if r.logs.FilterMessage(want).Len() != 1 {
				t.Errorf("logged %v", r.logs.All())
			}
			if status := r.say("c", "", "x"); status != 503 {
				t.Errorf("publishing is answered with %d", status)
			}
			srv.Stop()
			srv.Restart(withUsers(users))
			r.ready()
		})
	}
}

func TestTheMissingRightToAnswerIsNamed(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	users[0].Permissions.Response = nil
	srv := natstest.Start(t, withUsers(users))
	r := newRelayRig(t, srv, asManual)
	r.ready()
	nc := srv.Connect(client.UserInfo("shop", "..."))
	if err := nc.PublishRequest("holdfast.channels.shop.7", nc.NewRespInbox(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is logged", func() bool { return r.logs.FilterMessageSnippet("allow_responses").Len() == 1 })
	if reasons := r.source.NotReady(); reasons != nil {
		t.Errorf("a requester can make the node unready: %v", reasons)
	}
}

// A channel that is denied is none that others hear of.
func TestAChannelThatTheServerDeniesIsNotPublished(t *testing.T) {
	users := natstest.ManualUsers(t, manual)
	users[0].Permissions.Publish.Deny = []string{"holdfast.channels.secret"}
	srv := natstest.Start(t, withUsers(users))
	r := newRelayRig(t, srv, asManual)
	r.ready()
	c := r.follow("secret", "c")
	if status := r.say("secret", "", "x"); status != 503 {
		t.Errorf("answered %d", status)
	}
	if status := r.say("c", "", "y"); status != 200 {
		t.Errorf("another channel: %d", status)
	}
	if got := dataAndGaps(r.read(c)); got != "y" {
		t.Errorf("got %q", got)
	}
	// The server's complaint comes by a way of its own.
	eventually(t, "it is logged", func() bool {
		return r.logs.Filter(func(e observer.LoggedEntry) bool {
			return strings.Contains(e.Message, "take its subject out") && strings.Contains(fmt.Sprint(e.ContextMap()), "holdfast.channels.secret")
		}).Len() == 1
	})
}
