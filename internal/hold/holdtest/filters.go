package holdtest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// filtersOf are the filters that a request's query asks for, on all channels. The
// client's name, for filters and in its meta, is alice.
func (r *rig) filtersOf(q url.Values) *filter.Set {
	in := &grip.Instruction{Meta: map[string]string{"user": "alice"}}
	for _, name := range q["channel"] {
		in.Channels = append(in.Channels, grip.Channel{Name: name, Filters: q["filter"]})
	}
	return filter.New(in, r.filters)
}

// say publishes content that sender has sent.
func (r *rig) say(t testing.TB, channel, sender, content string) {
	t.Helper()
	it := grip.Item{
		Channel: channel,
		Meta:    map[string]string{"sender": sender},
		Stream:  &grip.StreamFormat{Content: []byte(content)},
	}
	if _, err := r.hub.Publish(context.Background(), wire.Item(it, wire.Options{})); err != nil {
		t.Fatal(err)
	}
}

var filterCases = []one{
	{name: "a filter keeps from a stream what others get", run: func(t *testing.T, r *rig) {
		filtered, other := r.hold(t, "channel", "a", "filter", "skip-self"), r.hold(t, "channel", "a")
		for range 100 {
			r.say(t, "a", "alice", "data: mine\n\n")
			r.say(t, "a", "bob", "data: bob's\n\n")
		}
		filtered.want(t, strings.Repeat("data: bob's\n\n", 100))
		other.want(t, strings.Repeat("data: mine\n\ndata: bob's\n\n", 100))
		r.wantFiltered(t, 100)
	}},
	{name: "a stream that gets nothing is at the head all the same", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "filter", "skip-self")
		const wave = 800
		for n := wave; n <= 5*wave; n += wave { // together beyond the send window
			for range wave {
				r.say(t, "a", "alice", "data: mine\n\n")
			}
			r.wantFiltered(t, float64(n))
		}
		r.say(t, "a", "bob", "data: bob's\n\n")
		c.want(t, "data: bob's\n\n")
	}},
	{name: "a stream can have content of its own", run: func(t *testing.T, r *rig) {
		own, other := r.hold(t, "channel", "a", "filter", "var-subst"), r.hold(t, "channel", "a")
		r.wantPrivate(t, 1)
		var mine, plain strings.Builder
		for range 100 {
			r.say(t, "a", "bob", "data: %(user)s\n\n")
			mine.WriteString("data: alice\n\n")
			plain.WriteString("data: %(user)s\n\n")
		}
		own.want(t, mine.String())
		other.want(t, plain.String())
		own.close()
		r.wantPrivate(t, 0)
	}},
}

// slowFilterCases need a client that does not read.
var slowFilterCases = []one{
	{name: "a slow client gets its own content whole", setup: func(r *rig) {
		l := &r.channels.Limits
		l.WindowMessages, l.WindowBytes = 10_000, 64<<20
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "filter", "var-subst")
		padding := strings.Repeat("x", 4<<10)
		var want strings.Builder
		for i := range 2000 {
			r.say(t, "a", "bob", fmt.Sprintf("data: %d %%(user)s %s\n\n", i, padding))
			fmt.Fprintf(&want, "data: %d alice %s\n\n", i, padding)
		}
		c.want(t, want.String())
	}},
}

func (r *rig) wantFiltered(t testing.TB, n float64) {
	t.Helper()
	r.wantCount(t, n, "holdfast_filtered_entries_total")
}

func (r *rig) wantPrivate(t testing.TB, n float64) {
	t.Helper()
	r.wantCount(t, n, "holdfast_private_streams")
}
