package stream_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// shopUser connects as the manual's publisher, who may publish to few channels.
func shopUser(srv *natstest.Server) *client.Conn {
	return srv.Connect(client.UserInfo("shop", "..."))
}

// The server acknowledges to where the publisher says, with its own rights.
func TestAcknowledgementsAreNoEvents(t *testing.T) {
	srv := startAs(t, natstest.ManualUsers(t, manual))
	n := startNode(t, nil, asManual(srv, zap.NewNop())).ready()
	r := n.follow("", "admin")
	nc := shopUser(srv)
	send := func(headers ...string) {
		m := client.NewMsg("holdfast.channels.shop.7")
		m.Reply, m.Data = "holdfast.channels.admin", []byte("x")
		for i := 0; i < len(headers); i += 2 {
			m.Header[headers[i]] = []string{headers[i+1]}
		}
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	send()
	send("Nats-Msg-Id", "1")
	send("Nats-Msg-Id", "1") // a duplicate
	send("Nats-Expected-Stream", "OTHER")
	send("Nats-Expected-Last-Sequence", "99999")
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	n.until("they are passed over", func() bool { return n.count("holdfast_bus_bad_messages_total") == 5 })
	at := n.say("admin", "", "y")
	r.want("y")
	late := startNode(t, nil, asManual(srv, zap.NewNop())).ready()
	l := late.follow(at, "admin")
	late.say("admin", "", "end")
	l.want("end")
}

// Others may say something like it, and nodes the same.
func TestWhatResemblesAnAcknowledgementIsAnEvent(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	const own = `{"stream":"HOLDFAST","seq":1}`
	n.say("c", "", own)
	r.want(own)
	nc := connect(t, server)
	for _, data := range []string{`{"stream":"OTHER","seq":1}`, `{"stream":"HOLDFAST","seq":1,"user":"x"}`, `{"error":"x"}`, `{"stream":`} {
		if _, err := nc.Request("holdfast.channels.c", []byte(data), goodTime); err != nil {
			t.Fatal(err)
		}
		r.want(data)
	}
}

// Where the account is Holdfast's, acknowledgements do not reach channels.
func TestAnAccountOfItsOwnKeepsAcknowledgementsOut(t *testing.T) {
	config := manualAccounts(t)
	srv := natstest.Start(t, func(o *server.Options) {
		o.JetStream, o.StoreDir, o.Users, o.Accounts = true, t.TempDir(), config.Users, config.Accounts
	})
	n := startNode(t, nil, asManual(srv, zap.NewNop())).ready()
	r := n.follow("", "admin", "shop.7", "shop.9")
	nc := shopUser(srv)
	for _, reply := range []string{"holdfast.channels.admin", "holdfast.channels.shop.9", "_holdfast.live.channels.admin"} {
		if err := nc.PublishRequest("holdfast.channels.shop.7", reply, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Publish("holdfast.channels.admin", []byte("not imported")); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request("holdfast.channels.shop.7", []byte("end"), goodTime); err != nil {
		t.Fatal(err)
	}
	r.want("x", "x", "x", "end")
	n.say("admin", "", "y")
	r.want("y")
	if bad := n.count("holdfast_bus_bad_messages_total"); bad != 0 {
		t.Errorf("%v acknowledgements came", bad)
	}
}

// manualAccounts is the server configuration with accounts that the manual has.
func manualAccounts(t *testing.T) *server.Options {
	t.Helper()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```\naccounts {")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the manual has no accounts")
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte("accounts {"+block), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
