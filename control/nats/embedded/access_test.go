package embedded_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// opened is a server whose port is open to users, with a stream that republishes
// to what they are denied.
func opened(t *testing.T, users ...embedded.User) *node {
	t.Helper()
	n := start(t, embedded.Options{StoreDir: t.TempDir(), Listen: "127.0.0.1:0", Users: users, Deny: []string{"_hf.live.>"}}).ready()
	n.stream(1)
	return n
}

// refusals connects over the network and collects what the server objects to.
func (n *node) refusals(options ...client.Option) (*client.Conn, <-chan error) {
	n.t.Helper()
	all := make(chan error, 100)
	nc := connect(n.t, n.URL(), append(options, client.ErrorHandler(func(_ *client.Conn, _ *client.Subscription, err error) { all <- err }))...)
	return nc, all
}

// wantRefused fails unless the next thing the server objects to is subject.
func wantRefused(t *testing.T, refusals <-chan error, subject string) {
	t.Helper()
	select {
	case err := <-refusals:
		if !errors.Is(err, client.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
			t.Errorf("got %v, want %s refused", err, subject)
		}
	case <-time.After(goodTime):
		t.Fatalf("%s is not refused", subject)
	}
}

// received returns the payload of the next message.
func received(t *testing.T, sub *client.Subscription) string {
	t.Helper()
	m, err := sub.NextMsg(goodTime)
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Data)
}

// TestClientsCannotPublishWhatOnlyTheServerMay, neither with a name nor without,
// while Holdfast may, and so may the stream.
func TestClientsCannotPublishWhatOnlyTheServerMay(t *testing.T) {
	tests := []struct {
		name  string
		users []embedded.User
		as    []client.Option
	}{
		{"anonymous", nil, nil},
		{"a user", []embedded.User{{Name: "u", Password: "p"}}, []client.Option{client.UserInfo("u", "p")}},
		{"a user who was given it", []embedded.User{{Name: "u", Password: "p", Publish: []string{">"}}}, []client.Option{client.UserInfo("u", "p")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := opened(t, tt.users...)
			own := n.connect()
			live, err := own.SubscribeSync("_hf.live.>")
			if err != nil {
				t.Fatal(err)
			}
			if err := own.Flush(); err != nil {
				t.Fatal(err)
			}
			nc, refusals := n.refusals(tt.as...)
			for _, forged := range []string{"_hf.live.holdfast.channels.x", "_hf.live.x"} {
				nc.Publish(forged, []byte("forged"))
				wantRefused(t, refusals, forged)
			}
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.Publish(withTimeout(t), "holdfast.channels.x", []byte("real")); err != nil {
				t.Errorf("publishing to a channel: %v", err)
			}
			if got := received(t, live); got != "real" {
				t.Errorf("got %q live", got)
			}
			own.Publish("_hf.live.x", []byte("ours"))
			if got := received(t, live); got != "ours" {
				t.Errorf("got %q live", got)
			}
		})
	}
}

// TestClientsCannotMakeJetStreamPublishForThem: streams republish and consumers
// deliver with the server's rights.
func TestClientsCannotMakeJetStreamPublishForThem(t *testing.T) {
	n := opened(t, embedded.User{Name: "u", Password: "p", Subscribe: []string{">"}})
	nc, refusals := n.refusals(client.UserInfo("u", "p"))
	for _, subject := range []string{
		"$JS.API.STREAM.CREATE.T", "$JS.API.STREAM.UPDATE.S", "$JS.API.STREAM.RESTORE.T", "$JS.API.STREAM.DELETE.S",
		"$JS.API.CONSUMER.CREATE.S", "$JS.API.CONSUMER.DURABLE.CREATE.S.d", "$JS.API.STREAM.MSG.GET.S", "$JS.API.DIRECT.GET.S",
	} {
		nc.PublishRequest(subject, "_hf.live.x", []byte(`{}`))
		wantRefused(t, refusals, subject)
	}
}

func TestClientsReadOnlyWhatTheyAreGiven(t *testing.T) {
	n := opened(t,
		embedded.User{Name: "shop", Password: "p", Publish: []string{"holdfast.channels.shop.>"}},
		embedded.User{Name: "audit", Password: "q", Subscribe: []string{"holdfast.>"}})
	shop, refusals := n.refusals(client.UserInfo("shop", "p"))
	if _, err := shop.Request("holdfast.channels.shop.1", []byte("x"), goodTime); err != nil {
		t.Errorf("own channel: %v", err)
	}
	shop.Publish("holdfast.channels.bank", nil)
	wantRefused(t, refusals, "holdfast.channels.bank")
	if _, err := shop.SubscribeSync("holdfast.>"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, refusals, "holdfast.>")

	audit, _ := n.refusals(client.UserInfo("audit", "q"))
	all, err := audit.SubscribeSync("holdfast.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.Flush(); err != nil {
		t.Fatal(err)
	}
	shop.Publish("holdfast.channels.shop.2", []byte("seen"))
	if got := received(t, all); got != "seen" {
		t.Errorf("got %q", got)
	}
}

func TestNobodyGetsInWithoutAPassword(t *testing.T) {
	n := opened(t, embedded.User{Name: "u", Password: "p"})
	for name, as := range map[string]client.Option{
		"nobody":         client.Name("x"),
		"wrong password": client.UserInfo("u", "q"),
		"our own user":   n.ownUserOverTheNetwork(),
	} {
		if nc, err := client.Connect(n.URL(), as); err == nil {
			nc.Close()
			t.Errorf("%s gets in", name)
		} else if !errors.Is(err, client.ErrAuthorization) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// ownUserOverTheNetwork is who we are in memory, without the memory.
func (n *node) ownUserOverTheNetwork() client.Option {
	return func(o *client.Options) error {
		err := n.InProcess()(o)
		o.InProcessServer = nil
		return err
	}
}
