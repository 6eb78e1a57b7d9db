package proxy

import (
	"context"
	"strings"
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

// setMeta and subscribeWith are control messages.
func setMeta(name, value string) string {
	return `c:{"type":"set-meta","name":"` + name + `","value":"` + value + `"}`
}

func subscribeWith(filters string) string {
	return `c:{"type":"subscribe","channel":"ch","filters":[` + filters + `]}`
}

// item is an item of channel p-ch: with this meta, and as this message.
func item(id, meta, message string) string {
	return `{"channel":"p-ch","id":"` + id + `","meta":{` + meta + `},"formats":{"ws-message":` + message + `}}`
}

// GRIP: T51 to T55, on WebSockets.
func TestAWebSocketGetsWhatItsFiltersLetThrough(t *testing.T) {
	for name, c := range map[string]struct {
		control []string // by the origin
		items   []string
		want    []string
		metric  string // what counts the rest
	}{
		"skip-self": {
			[]string{setMeta("user", "al"), subscribeWith(`"skip-self"`)},
			[]string{item("1", `"sender":"al"`, `{"content":"mine"}`), item("2", `"sender":"bob"`, `{"content":"bob's"}`), item("3", "", `{"content":"nobody's"}`)},
			[]string{"bob's", "nobody's"}, "holdfast_filtered_entries_total",
		},
		"skip-self, and who it is comes later": {
			[]string{subscribeWith(`"skip-self"`), setMeta("user", "bob"), setMeta("user", "al")},
			[]string{item("1", `"sender":"al"`, `{"content":"mine"}`), item("2", `"sender":"bob"`, `{"content":"bob's"}`)},
			[]string{"bob's"}, "holdfast_filtered_entries_total",
		},
		"a close that is kept from it": {
			[]string{setMeta("user", "al"), subscribeWith(`"skip-self"`)},
			[]string{item("1", `"sender":"al"`, `{"action":"close"}`)},
			nil, "holdfast_filtered_entries_total",
		},
		"skip-users": {
			[]string{setMeta("user", "al"), subscribeWith(`"skip-users"`)},
			[]string{item("1", `"skip_users":"carol, al"`, `{"content":"not al"}`), item("2", `"skip_users":"carol"`, `{"content":"not carol"}`)},
			[]string{"not carol"}, "holdfast_filtered_entries_total",
		},
		"require-sub without it": {
			[]string{subscribeWith(`"require-sub"`)},
			[]string{item("1", `"require_sub":"vip"`, `{"content":"vip"}`)},
			nil, "holdfast_filtered_entries_total",
		},
		"require-sub with it": {
			[]string{subscribeWith(`"require-sub"`), `c:{"type":"subscribe","channel":"vip"}`},
			[]string{item("1", `"require_sub":"vip"`, `{"content":"vip"}`), item("2", `"require_sub":"p-vip"`, `{"content":"the whole name"}`)},
			[]string{"vip"}, "holdfast_filtered_entries_total",
		},
		"require-sub after it was taken away": {
			[]string{`c:{"type":"subscribe","channel":"vip"}`, subscribeWith(`"require-sub"`), `c:{"type":"unsubscribe","channel":"vip"}`},
			[]string{item("1", `"require_sub":"vip"`, `{"content":"vip"}`)},
			nil, "holdfast_filtered_entries_total",
		},
		"build-id": {
			[]string{setMeta("id_format", "v%(ch)s"), subscribeWith(`"build-id"`)},
			[]string{item("7", "", `{"content":"%I %(x)I 100%%"}`)},
			[]string{"v7 x 100%"}, "",
		},
		"var-subst": {
			[]string{setMeta("name", "Al"), subscribeWith(`"var-subst"`)},
			[]string{item("1", "", `{"content":"hi %(name)s"}`), item("2", "", `{"content":"hi %(nick)s"}`), item("3", "", `{"content":""}`)},
			[]string{"hi Al", ""}, "holdfast_filter_failures_total",
		},
		"a long message": {
			[]string{setMeta("name", strings.Repeat("x", 10000)), subscribeWith(`"var-subst"`)},
			[]string{item("1", "", `{"content":"%(name)s%(name)s"}`)},
			[]string{strings.Repeat("x", 20000)}, "",
		},
		"other filters when it asks again": {
			[]string{setMeta("user", "al"), subscribeWith(`"skip-self","var-subst"`), subscribeWith("")},
			[]string{item("1", `"sender":"al"`, `{"content":"%(user)s"}`)},
			[]string{"%(user)s"}, "",
		},
		"content-filters that it has": {
			[]string{setMeta("a", "b"), subscribeWith(`"var-subst"`)},
			[]string{item("1", "", `{"content":"%(a)s","content-filters":["var-subst"]}`)},
			[]string{"b"}, "",
		},
		"content-filters that others have": {
			[]string{subscribeWith(`"var-subst"`)},
			[]string{item("1", "", `{"content":"1","content-filters":["build-id"]}`), item("2", "", `{"content":"2","content-filters":[]}`), item("3", "", `{"content":"3"}`)},
			[]string{"3"}, "holdfast_filter_failures_total",
		},
		"content-filters, and it has none": {
			[]string{subscribeWith("")},
			[]string{item("1", "", `{"content":"1","content-filters":["build-id"]}`), item("2", "", `{"content":"2","content-filters":[]}`)},
			[]string{"2"}, "holdfast_filter_failures_total",
		},
	} {
		t.Run(name, func(t *testing.T) {
			origin := socketOrigin(t, "grip", func(conn *websocket.Conn) {
				for _, message := range append(c.control, "m:ready") {
					say(t, conn, message)
				}
				echo(conn, "m:")
			})
			s := newStation(t, holding(origin.URL, func(rt *Route) { rt.ChannelPrefix = "p-" }))
			client := s.openSocket(t)
			client.wantText("ready")
			for _, it := range append(c.items, item("last", "", `{"content":"last"}`)) {
				if _, err := s.publish(it); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range append(c.want, "last") {
				client.wantText(want)
			}
			if c.metric != "" {
				s.waitCount(t, c.metric)
			}
		})
	}
}

// GRIP: require-sub. A channel of the route that the origin has not named is the
// client's as well.
func TestAWebSocketOfARouteWithChannelsHasWhatRequiresThem(t *testing.T) {
	const filtered = `"require-sub"`
	vip := func(rt *Route) { rt.ChannelPrefix, rt.Subscribe = "p-", []string{"p-vip"} }
	for name, open := range map[string]func(t *testing.T) (*station, *socket){
		"directly": func(t *testing.T) (*station, *socket) {
			s := newStation(t, holding(socketOrigin(t, "grip", func(c *websocket.Conn) {
				say(t, c, subscribeWith(filtered))
				say(t, c, "m:ready")
				c.Read(context.Background())
			}).URL, vip))
			return s, s.openSocket(t)
		},
		"over HTTP": func(t *testing.T) (*station, *socket) {
			o := newEventOrigin(t)
			s := newStation(t, holding(o.URL, overHTTP, vip))
			return s, o.opened(t, s, event("TEXT", subscribeWith(filtered))+event("TEXT", "m:ready"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := open(t)
			c.wantText("ready")
			for _, it := range []string{item("1", `"require_sub":"other"`, `{"content":"other"}`), item("2", `"require_sub":"vip"`, `{"content":"vip"}`)} {
				if _, err := s.publish(it); err != nil {
					t.Fatal(err)
				}
			}
			c.wantText("vip")
		})
	}
}

func TestAWebSocketOverHTTPHasFilters(t *testing.T) {
	o := newEventOrigin(t)
	s := newStation(t, holding(o.URL, overHTTP, func(rt *Route) {
		rt.ChannelPrefix, rt.Subscribe = "p-", []string{"p-ch"}
	}))
	c := o.opened(t, s, event("TEXT", setMeta("user", "al"))+event("TEXT", subscribeWith(`"skip-self","var-subst"`))+event("TEXT", "m:ready"))
	c.wantText("ready")
	items := []string{item("1", `"sender":"al"`, `{"content":"mine"}`), item("2", `"sender":"bob"`, `{"content":"for %(user)s"}`)}
	for _, it := range items {
		if _, err := s.publish(it); err != nil {
			t.Fatal(err)
		}
	}
	c.wantText("for al")
	// The route's own channel stays, without what the origin has said of it.
	o.answer(event("TEXT", `c:{"type":"unsubscribe","channel":"ch"}`) + event("TEXT", "m:done"))
	c.say("next")
	c.wantText("done")
	if _, err := s.publish(item("3", `"sender":"al"`, `{"content":"%(user)s"}`)); err != nil {
		t.Fatal(err)
	}
	c.wantText("%(user)s")
}

func TestWhatFiltersRewriteIsCompressed(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, setMeta("name", strings.Repeat("compress me ", 500)))
		say(t, c, subscribeWith(`"var-subst"`))
		say(t, c, "m:ready")
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.WebSocket.Compression, rt.ChannelPrefix = true, "p-" }))
	s.wire.Deflate = true
	c := s.openSocket(t, func(o *websocket.DialOptions) { o.CompressionMode = websocket.CompressionContextTakeover })
	c.wantText("ready")
	if _, err := s.publish(item("1", "", `{"content":"%(name)s"}`)); err != nil {
		t.Fatal(err)
	}
	c.wantText(strings.Repeat("compress me ", 500))
	if got := s.count(t, "holdfast_delivered_bytes_total"); got >= 1000 {
		t.Errorf("it has %v bytes", got)
	}
}
