package engine

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// tcp has the engine hold a stream over TCP, taken over as net/http's are, and
// returns both ends.
func (r *rig) tcp(t testing.TB, s hold.Stream, channel string) (theirs, ours *net.TCPConn, held *stream) {
	t.Helper()
	if err := r.engine.Admit(); err != nil {
		t.Fatal(err)
	}
	cursor, err := r.hub.Follow(t.Context(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: channel}},
		Form:          wire.Stream,
		Live:          r.hub.Head().Seq,
		Group:         r.engine.Group(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Cursor, s.EventStream = cursor, true
	s.Ended = func(why hold.Reason) { r.ended <- why }
	ours, theirs = pairOf(t)
	held = r.engine.newStream(&s, hold.Chunked)
	held.Inherit(ours)
	return theirs, ours, held
}

// A client may reset the connection after any byte of a frame, with the rest
// of it read, unread or unwritten.
func TestAClientMayResetAtEveryByte(t *testing.T) {
	const content = "data: 0123456789\n\n"
	frame := strings.Repeat(chunk(content), 2)
	for name, before := range map[string]func(*rig){
		"the rest unread":    func(*rig) {},
		"the rest unwritten": func(r *rig) { r.publish(t, "a", strings.Repeat("x", 4<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			open := descriptors(t)
			r := newRig(t)
			for taken := range len(frame) + 1 {
				client, _, _ := r.tcp(t, hold.Stream{}, "a")
				r.publish(t, "a", content)
				r.publish(t, "a", content)
				before(r)
				got := make([]byte, taken)
				if _, err := io.ReadFull(client, got); err != nil || string(got) != frame[:taken] {
					t.Fatalf("got %q, %v", got, err)
				}
				client.SetLinger(0)
				client.Close()
				r.publish(t, "a", content)
				r.wantEnd(t, hold.ReasonClientReset, hold.ReasonClientClosed)
			}
			r.close()
			if len(r.engine.index.first) > 0 {
				t.Error("the index still knows somebody")
			}
			if now := descriptors(t); now > open {
				t.Errorf("%d descriptors are open, %d before", now, open)
			}
		})
	}
}

// Who will ask for nothing any more does not read either, be it idle or stuck.
func TestAClientThatClosesItsSendingHalfHasLeft(t *testing.T) {
	for _, size := range []int{0, 100, 4 << 20} {
		t.Run(fmt.Sprint("with ", size, " bytes under way"), func(t *testing.T) {
			r := newRig(t)
			client, _, _ := r.tcp(t, hold.Stream{}, "a")
			defer client.Close()
			if size > 0 {
				r.publish(t, "a", strings.Repeat("x", size))
			}
			client.CloseWrite()
			r.wantEnd(t, hold.ReasonClientClosed)
			client.SetReadDeadline(time.Now().Add(30 * time.Second))
			io.Copy(io.Discard, client) // up to the end or a reset, but not for ever
			if _, err := client.Read(make([]byte, 1)); err == nil {
				t.Error("the connection is left open")
			}
		})
	}
}
