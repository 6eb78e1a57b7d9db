package holdtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// need is what a stream wants of its origin, and how it is answered.
type need struct {
	hold.Need
	link *hold.Link
}

// withLinks gives the rig's streams links, which the case answers.
func withLinks(r *rig) { r.needs = make(chan need, 1000) }

// linkTo gives a stream that follows as f says its link.
func (r *rig) linkTo(s *hold.Stream, f *channels.Follow) {
	if r.needs == nil {
		return
	}
	var seen []hold.Seen
	for _, sub := range f.Subscriptions {
		seen = append(seen, hold.Seen{Channel: sub.Channel})
	}
	var l *hold.Link
	l = hold.NewLink(seen, func(n hold.Need) { r.needs <- need{n, l} })
	s.Link = l
}

// wantNeed waits until a stream waits.
func (r *rig) wantNeed(t testing.TB, trigger hold.Trigger, seen ...string) need {
	t.Helper()
	select {
	case n := <-r.needs:
		var got []string
		for _, s := range n.Seen {
			got = append(got, s.Channel+" "+s.ID)
		}
		if n.Trigger != trigger || strings.Join(got, ", ") != strings.Join(seen, ", ") {
			t.Fatalf("%s asks after %q, want %s after %q", n.Trigger, got, trigger, seen)
		}
		return n
	case <-time.After(patience):
		t.Fatalf("nobody asks for %s", trigger)
		panic("unreachable")
	}
}

// goOn answers a need with text, and goes on with what is new on a channel.
func (r *rig) goOn(t testing.TB, n need, text, channel string) bool {
	t.Helper()
	return n.link.Resume(r.relief(t, n, text, channel))
}

// relief is what goOn answers.
func (r *rig) relief(t testing.TB, n need, text, channel string) *hold.Relief {
	t.Helper()
	cursor, err := r.hub.Follow(context.Background(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: channel}},
		Form:          wire.Stream,
		Live:          r.hub.Head().Seq,
		Group:         r.holder.Group(),
		Chained:       true,
		Continued:     &channels.Continued{Place: n.Place},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &hold.Relief{Body: []byte(text), Cursor: cursor, Seen: []hold.Seen{{Channel: channel}}}
}

// chained publishes an item with an id that must follow another.
func (r *rig) chained(t testing.TB, channel, id, prev, content string) {
	t.Helper()
	it := item(channel, content)
	it.ID, it.PrevID, it.NoSeq = id, prev, true
	encode := it.Encode
	it.Encode = func(p channels.Position) channels.Encoded {
		e := encode(p)
		from := uint32(len(e.Buf))
		e.Buf = append(append(e.Buf, id...), prev...)
		e.ItemID = channels.Span{Off: from, Len: uint32(len(id))}
		e.PrevID = channels.Span{Off: from + uint32(len(id)), Len: uint32(len(prev))}
		return e
	}
	r.append(t, it)
}

var recoverCases = []one{
	{name: "after a hint a stream waits, and goes on elsewhere with what it is brought", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.act(t, "a", channels.Hint)
		r.publish(t, "a", "data: not this\n\n")
		n := r.wantNeed(t, hold.OnHint, "a ")
		r.goOn(t, n, "data: told\n\n", "b")
		c.want(t, "data: told\n\n")
		r.wantFollowers(t, "a", 0)
		r.publish(t, "a", "data: nor this\n\n")
		r.publish(t, "b", "data: 2\n\n")
		c.want(t, "data: 2\n\n")
		r.act(t, "b", channels.Close)
		c.wantEnd(t)
	}},
	{name: "an answer that its client may not have ends the stream before any of it", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		n := r.wantNeed(t, hold.OnHint, "a ")
		answer := r.relief(t, n, "data: told\n\n", "b")
		answer.Denied = func() hold.Reason { return hold.ReasonRevoked }
		n.link.Resume(answer)
		c.want(t, "event: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
		c.rest(t)
		c.close()
		r.wantEnd(t, hold.ReasonRevoked)
		r.wantNobody(t, "b")
	}},
	{name: "a stream does not go on with channels that its client may not have meanwhile", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		n := r.wantNeed(t, hold.OnHint, "a ")
		answer, asked := r.relief(t, n, "data: told\n\n", "b"), 0
		answer.Denied = func() hold.Reason {
			if asked++; asked == 1 {
				r.publish(t, "b", "data: not this\n\n")
				return ""
			}
			return hold.ReasonRevoked
		}
		n.link.Resume(answer)
		c.want(t, "data: told\n\nevent: end\ndata: {\"reason\":\"revoked\"}\nretry: ")
		c.rest(t)
		c.close()
		r.wantEnd(t, hold.ReasonRevoked)
		r.wantNobody(t, "b")
	}},
	{name: "what comes before an item that does not follow is sent, the item is not", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.chained(t, "a", "1", "", "data: 1\n\n")
		r.chained(t, "a", "2", "1", "data: 2\n\n")
		r.chained(t, "a", "4", "3", "data: 4\n\n")
		n := r.wantNeed(t, "missing", "a 2")
		c.want(t, "data: 1\n\ndata: 2\n\n")
		r.goOn(t, n, "data: 3\n\ndata: 4\n\n", "a")
		r.chained(t, "a", "5", "4", "data: 5\n\n")
		c.want(t, "data: 3\n\ndata: 4\n\ndata: 5\n\n")
	}},
	{name: "if nothing comes of it the client is told and the stream goes on where it stopped", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.chained(t, "a", "1", "", "data: 1\n\n")
		r.chained(t, "a", "3", "2", "data: 3\n\n")
		r.wantNeed(t, "missing", "a 1").link.Resume(new(hold.Relief))
		r.chained(t, "a", "4", "3", "data: 4\n\n")
		c.want(t, "data: 1\n\nevent: gap\ndata: missing\n\ndata: 3\n\ndata: 4\n\n")
	}},
	{name: "a stream that cannot be told ends if nothing comes of it", setup: func(r *rig) { withLinks(r); plain(r) }, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		r.wantNeed(t, hold.OnHint, "a ").link.Resume(new(hold.Relief))
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonGap)
	}},
	{name: "an idle stream asks when it is told to", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint) // to have its link
		n := r.wantNeed(t, hold.OnHint, "a ")
		r.goOn(t, n, "data: 1\n\n", "a")
		c.want(t, "data: 1\n\n")
		n.link.Ask(hold.OnCommand)
		n = r.wantNeed(t, hold.OnCommand, "a ")
		n.link.Resume(&hold.Relief{Body: []byte("data: bye\n\n"), End: hold.ReasonOrigin})
		c.want(t, "data: bye\n\n")
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonOrigin)
		r.wantNobody(t, "a")
	}},
	{name: "an answer may be large, and come in parts", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		n := r.wantNeed(t, hold.OnHint, "a ")
		var want strings.Builder
		for i := range 20 {
			part := fmt.Sprintf("data: %d %s\n\n", i, strings.Repeat("x", 100<<10))
			want.WriteString(part)
			taken := make(chan struct{})
			n.link.Resume(&hold.Relief{Body: []byte(part), Taken: func() { close(taken) }})
			c.want(t, part)
			<-taken
		}
		r.goOn(t, n, "", "a")
		r.wantFollowers(t, "a", 1)
		r.publish(t, "a", "data: end\n\n")
		c.want(t, "data: end\n\n")
	}},
	{name: "a stream that ends while it waits leaves nothing", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		n := r.wantNeed(t, hold.OnHint, "a ")
		c.close()
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
		if r.goOn(t, n, "data: late\n\n", "b") {
			t.Error("an ended stream takes an answer")
		}
		r.wantNobody(t, "a")
		r.wantNobody(t, "b")
	}},
	{name: "a stream that waits ends with the holder", setup: withLinks, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		r.wantNeed(t, hold.OnHint, "a ")
		if err := r.holder.Drain(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if rest := c.rest(t); !strings.HasPrefix(rest, "retry: ") {
			t.Errorf("ends with %q", rest)
		}
	}},
}

var slowRecoverCases = []one{
	{name: "a client that is too slow is helped by its origin", setup: func(r *rig) { withLinks(r); smallWindow(r) }, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		filler := strings.Repeat("x", 16<<10)
		r.chained(t, "a", "1", "", "data: 1 "+filler+"\n\n")
		c.want(t, "data: 1 "+filler+"\n\n")
		for i := 2; i <= floodEvents; i++ {
			r.chained(t, "a", fmt.Sprint(i), fmt.Sprint(i-1), fmt.Sprintf("data: %d %s\n\n", i, filler))
		}
		read := make(chan string)
		go func() { read <- c.until(t, "data: done\n\n") }()
		n := <-r.needs
		if n.Trigger != "lag" {
			t.Errorf("asks for %s", n.Trigger)
		}
		var missing strings.Builder
		var last int
		fmt.Sscan(n.Seen[0].ID, &last)
		for i := last + 1; i <= floodEvents; i++ {
			fmt.Fprintf(&missing, "data: %d %s\n\n", i, filler)
		}
		r.goOn(t, n, missing.String()+"data: done\n\n", "a")
		next := 2
		for event := range strings.SplitAfterSeq(<-read, "\n\n") {
			if event != "" && event != fmt.Sprintf("data: %d %s\n\n", next, filler) {
				t.Fatalf("got %q, want event %d", clip(event), next)
			}
			next++
		}
	}},
}

var waitingCases = []one{
	{name: "a stream that waits gets keep-alives, and its answer's afterwards", setup: func(r *rig) {
		withLinks(r)
		beat(20*time.Second, hold.Idle)(r)
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		n := r.wantNeed(t, hold.OnHint, "a ")
		for range 10 {
			start := time.Now()
			c.want(t, ":\n\n")
			passed(t, start, 20*time.Second)
		}
		cursor, err := r.hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: "a"}}, Form: wire.Stream, Live: r.hub.Head().Seq, Group: r.holder.Group(),
		})
		if err != nil {
			t.Fatal(err)
		}
		n.link.Resume(&hold.Relief{Cursor: cursor, Seen: n.Seen, KeepAlive: hold.KeepAlive{Data: []byte(": new\n\n"), Interval: 25 * time.Second}})
		c.want(t, ": new\n\n")
		start := time.Now()
		c.want(t, ": new\n\n")
		passed(t, start, 25*time.Second)
	}},
}

// wantFollowers waits until a channel has so many streams.
func (r *rig) wantFollowers(t testing.TB, channel string, want int) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		info, _ := r.hub.Channel(channel)
		if info.Streams == want {
			return
		}
		if time.Since(start) > patience {
			t.Fatalf("%q has %d streams, want %d", channel, info.Streams, want)
		}
	}
}
