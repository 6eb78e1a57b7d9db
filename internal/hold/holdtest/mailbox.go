package holdtest

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// alice is who gets the rig's streams, where that matters.
func alice() hold.Client {
	return hold.Client{
		Addr: netip.MustParseAddr("192.0.2.7"),
		Who:  &hold.Who{User: "alice", TokenID: "t1", Meta: map[string]string{"user": "alice"}},
	}
}

// withMailbox gives the rig's streams, of which there is one, a mailbox and a
// client.
func withMailbox(r *rig) {
	r.options.Registry = hold.NewRegistry(0)
	r.stream.Mailbox, r.stream.Client = new(hold.Mailbox), alice()
}

// follow is what has a stream go on with a channel.
func (r *rig) follow(name string) hold.Move {
	live := r.hub.Head().Seq
	return hold.Move{Follow: func(last *channels.Cursor) (*channels.Cursor, error) {
		return r.hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: name, Held: true, Continues: true}},
			Form:          wire.Stream,
			Live:          live,
			Group:         r.holder.Group(),
			Continued:     &channels.Continued{Place: last.Place(), Cursor: last},
		})
	}}
}

// listed returns who is held, described.
func (r *rig) listed(t testing.TB) []hold.Held {
	t.Helper()
	page, more := r.options.Registry.Held(0, 100, func(*hold.Held) bool { return true })
	if more {
		t.Error("there are more than 100")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	hold.Describe(ctx, page)
	return page
}

var mailboxCases = []one{
	{name: "a stream gets events of its own", setup: withMailbox, run: func(t *testing.T, r *rig) {
		box := r.stream.Mailbox
		if !box.Say([]byte("event: early\ndata: 0\n\n")) {
			t.Error("not taken before the stream is held")
		}
		c := r.hold(t, "channel", "a")
		c.want(t, "event: early\ndata: 0\n\n")
		box.Say([]byte("event: own\ndata: 1\n\n"))
		c.want(t, "event: own\ndata: 1\n\n")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		box.Say([]byte("event: own\ndata: 2\n\n"))
		box.Say([]byte("event: own\ndata: 3\n\n"))
		c.want(t, "event: own\ndata: 2\n\nevent: own\ndata: 3\n\n")
	}},
	{name: "an event of its own waits until another is complete", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: half\n")
		c.want(t, "data: half\n")
		r.stream.Mailbox.Say([]byte("event: own\ndata: 1\n\n"))
		r.publish(t, "a", "data: of it\n\n")
		r.publish(t, "a", "data: 2\n\n")
		got := make(chan string, 1)
		go func() { got <- c.lines(t, 7) }()
		select {
		case text := <-got:
			if !strings.HasPrefix(text, "data: of it\n\n") || !strings.Contains(text, "\n\nevent: own\ndata: 1\n\n") {
				t.Errorf("got %q", text)
			}
		case <-time.After(patience):
			t.Error("the event did not come")
		}
	}},
	{name: "what is no event stream gets no events of its own", setup: func(r *rig) { withMailbox(r); plain(r) }, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.stream.Mailbox.Say([]byte("event: own\ndata: 1\n\n"))
		r.publish(t, "a", "text")
		c.want(t, "text")
	}},
	{name: "too many events of its own are not taken", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "data: unfinished\n")
		c.want(t, "data: unfinished\n")
		event := []byte("data: " + strings.Repeat("x", 1000) + "\n\n")
		taken := 0
		for range 1000 {
			if r.stream.Mailbox.Say(event) {
				taken++
			}
		}
		if taken < 1 || taken > 20 {
			t.Errorf("%d events of 1,000 bytes wait", taken)
		}
	}},
	{name: "a stream goes on with other channels where it stands", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.stream.Mailbox.Move(r.follow("b"))
		r.wantFollowers(t, "a", 0)
		r.publish(t, "a", "data: not this\n\n")
		r.publish(t, "b", "data: 2\n\n")
		c.want(t, "data: 2\n\n")
		r.stream.Mailbox.Move(r.follow("a"))
		r.wantFollowers(t, "b", 0)
		r.publish(t, "a", "data: 3\n\n")
		c.want(t, "data: 3\n\n")
		r.act(t, "a", channels.Close)
		c.wantEnd(t)
	}},
	{name: "moving to its own channel loses nothing and repeats nothing", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		var want strings.Builder
		for i := range 300 {
			text := "data: " + string(rune('a'+i%26)) + "\n\n"
			r.publish(t, "a", text)
			want.WriteString(text)
			if i%10 == 0 {
				r.stream.Mailbox.Move(r.follow("a"))
			}
		}
		c.want(t, want.String())
	}},
	{name: "a stream whose new channels cannot be followed ends", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.stream.Mailbox.Move(hold.Move{Follow: func(*channels.Cursor) (*channels.Cursor, error) { return nil, channels.ErrClosed }})
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonShutdown)
	}},
	{name: "a client that may stay no longer is told so, and gets nothing more", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.stream.Mailbox.End(hold.ReasonExpired)
		c.want(t, "event: end\ndata: {\"reason\":\"expired\"}\nretry: ")
		if rest := c.rest(t); len(rest) != len("1234\n\n") {
			t.Errorf("then %q", rest)
		}
		c.close()
		r.wantEnd(t, hold.ReasonExpired)
		if r.stream.Mailbox.Say([]byte("data: late\n\n")) {
			t.Error("an event was taken after the end")
		}
	}},
	{name: "inside an event a client that may stay no longer is told nothing", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "data: half\n")
		c.want(t, "data: half\n")
		r.stream.Mailbox.End(hold.ReasonExpired)
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonExpired)
	}},
	{name: "who is held can be listed", setup: withMailbox, run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a", "channel", "b")
		r.wantCount(t, 1, "holdfast_streams")
		page := r.listed(t)
		if len(page) != 1 {
			t.Fatalf("%d are listed", len(page))
		}
		h := page[0]
		if h.Addr != alice().Addr || h.Who.User != "alice" || h.Who.TokenID != "t1" || h.Route != "test" || h.Protocol == "" {
			t.Errorf("got %+v", h)
		}
		if strings.Join(h.Channels, " ") != "a b" || h.Behind != 0 {
			t.Errorf("follows %q, behind by %d", h.Channels, h.Behind)
		}
		if age := time.Since(h.Since); age < 0 || age > patience+2*time.Second {
			t.Errorf("held since %v", h.Since)
		}
		r.stream.Mailbox.Rename(&hold.Who{User: "bob"})
		if h := r.listed(t)[0]; h.Who.User != "bob" {
			t.Errorf("after Rename it is %q", h.Who.User)
		}
	}},
	{name: "who is listed can be ended", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.wantCount(t, 1, "holdfast_streams")
		page := r.listed(t)
		page[0].End(hold.ReasonOperator)
		c.want(t, "retry: ")
		c.rest(t)
		c.close()
		r.wantEnd(t, hold.ReasonOperator)
		page[0].End(hold.ReasonRevoked) // too late, and does no harm
		everybody := func(*hold.Held) bool { return true }
		for start := time.Now(); ; time.Sleep(time.Millisecond) { // it leaves a moment later
			if page, _ := r.options.Registry.Held(0, 1, everybody); len(page) == 0 {
				break
			}
			if time.Since(start) > patience {
				t.Fatal("it is still listed")
			}
		}
	}},
	{name: "a guard can end whoever comes", setup: withMailbox, run: func(t *testing.T, r *rig) {
		r.options.Registry.SetGuard(func(h *hold.Held) {
			h.Describe(func(f hold.Facts) {
				if h.Who.User == "alice" && strings.Join(f.Channels, "") == "a" {
					h.End(hold.ReasonRevoked)
				}
			})
		})
		c := r.hold(t, "channel", "a")
		c.want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
		c.rest(t)
		c.close()
		r.wantEnd(t, hold.ReasonRevoked)
		r.hold(t, "channel", "b")
		r.wantCount(t, 1, "holdfast_streams")
	}},
	{name: "a stream that is revoked does not get what it is behind by", setup: withMailbox, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.wantCount(t, 1, "holdfast_streams")
		r.listed(t)[0].End(hold.ReasonRevoked)
		c.want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
		c.rest(t)
		c.close()
		r.wantEnd(t, hold.ReasonRevoked)
	}},
}

// lines reads so many lines.
func (c *client) lines(t testing.TB, n int) string {
	t.Helper()
	c.limit()
	var text []byte
	var b [1]byte
	for n > 0 {
		if _, err := c.resp.Body.Read(b[:]); err != nil {
			t.Errorf("got %q and then %v", text, err)
			break
		}
		if text = append(text, b[0]); b[0] == '\n' {
			n--
		}
	}
	return string(text)
}
