package stream_test

import (
	"fmt"
	"testing"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// The server takes spaces around the ids of messages away, and line breaks.
func TestIDsThatDifferBySpacesAreNotTheSame(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	ids := []string{"a", "a ", " a", "a\t", "a\nb", "a\rb", "a b", "a%20", "1:c:a", "=1:c:a+"}
	for i, id := range ids {
		payload := fmt.Sprintf(`{"items":[{"channel":"c","id":%q,"formats":{"http-stream":{"content":"data: %d\n\n"}}}]}`, id, i)
		if _, err := n.intake.Items(t.Context(), []byte(payload)); err != nil {
			t.Fatal(err)
		}
		r.want(fmt.Sprint(i))
		if _, err := n.intake.Items(t.Context(), []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.published(); got["stored"] != float64(len(ids)) || got["duplicate"] != float64(len(ids)) {
		t.Errorf("counted %v", got)
	}
}

func TestTheIDOfAnEventKeepsItsSpaces(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	if _, err := n.intake.Event(t.Context(), intake.Event{Channel: "c", Name: "n ", ID: " a ", Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	n.until("it comes", func() bool {
		entries, err := r.cursor.Next(nil, 1, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return false
		}
		if got, want := string(wire.Data(entries[0].Bytes(wire.Stream))), "event: n \ndata: x\nid:  a \n\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		return true
	})
}

// What nodes of an earlier version have stored counts as well.
func TestOtherIDsAreStoredAsEver(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	n.say("c", "a b%20", "x")
	m, err := streamOf(t, server).GetLastMsgForSubject(t.Context(), "holdfast.channels.c")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get(jetstream.MsgIDHeader); got != "1:c:a b%20" {
		t.Errorf("stored as %q", got)
	}
}

// A publisher that needs no node can name an item as nodes do.
func TestAnIDThatAPublisherOfNATSGivesIsTheSame(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	m := client.NewMsg("holdfast.channels.user-42")
	m.Header["Holdfast-Id"], m.Header[jetstream.MsgIDHeader] = []string{"cart-991"}, []string{"7:user-42:cart-991"}
	if _, err := connect(t, server).RequestMsg(m, goodTime); err != nil {
		t.Fatal(err)
	}
	if at := n.say("user-42", "cart-991", "x"); at != "" {
		t.Errorf("stored again at %s", at)
	}
}
