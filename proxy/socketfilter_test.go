package proxy

import (
	"context"
	"testing"

	"github.com/coder/websocket"
)

func TestAWebSocketHasTheChannelsOfItsRoute(t *testing.T) {
	all := func(rt *Route) {
		rt.ChannelPrefix = "p-"
		rt.Subscribe = []string{"all", "p-ch", "all"}
	}
	// What its origin takes away of them, or asks for again, changes nothing.
	const again, away = subscribe, `c:{"type":"unsubscribe","channel":"ch"}`
	for name, open := range map[string]func(t *testing.T) (*station, *socket){
		"directly": func(t *testing.T) (*station, *socket) {
			s := newStation(t, holding(socketOrigin(t, "grip", func(c *websocket.Conn) {
				say(t, c, again)
				say(t, c, away)
				say(t, c, "m:ready")
				c.Read(context.Background())
			}).URL, all))
			return s, s.openSocket(t)
		},
		"over HTTP": func(t *testing.T) (*station, *socket) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP, all))
			return s, o.opened(t, s, event("TEXT", again)+event("TEXT", away)+event("TEXT", "m:ready"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := open(t)
			s.messages(t, "all", `{"content":"at once"}`)
			got := readTexts(c, 2) // in any order
			if !got["ready"] || !got["at once"] {
				t.Fatalf("read %v", got)
			}
			s.messages(t, "p-ch", `{"content":"1"}`)
			s.messages(t, "all", `{"content":"2"}`)
			c.wantText("1")
			c.wantText("2")
			s.waitStreams(t, "all", 1)
			c.CloseNow()
			s.waitStreams(t, "all", 0)
			s.waitStreams(t, "p-ch", 0)
		})
	}
}

func TestTheChannelsOfTheRouteCountAsTheOrigins(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		c.Read(context.Background())
	})
	s := newStation(t, func(o *stationOptions) {
		holding(origin.URL, func(rt *Route) { rt.Subscribe = []string{"all"} })(o)
		o.Holding.MaxChannels = 1
	})
	s.openSocket(t).wantClose(websocket.StatusInternalError, "bad instruction of the origin")
}

// readTexts reads n text messages.
func readTexts(c *socket, n int) map[string]bool {
	c.t.Helper()
	got := map[string]bool{}
	for range n {
		ctx, cancel := context.WithTimeout(c.t.Context(), patience)
		_, b, err := c.Read(ctx)
		cancel()
		if err != nil {
			c.t.Fatalf("read %v, then %v", got, err)
		}
		got[string(b)] = true
	}
	return got
}
