package hold

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// tell publishes an item on channel a.
func (s *script) tell(t *testing.T, it grip.Item) {
	t.Helper()
	it.Channel = "a"
	if _, err := s.hub.Publish(t.Context(), wire.Item(it, wire.Options{})); err != nil {
		t.Fatal(err)
	}
}

// aliceWith are filters of a stream of alice on channel a.
func aliceWith(names ...string) *filter.Set { return aliceIn(prometheus.NewRegistry(), names...) }

// aliceIn is aliceWith, counted in a registry.
func aliceIn(registry *prometheus.Registry, names ...string) *filter.Set {
	route := filter.NewMetrics(registry).Route("r", zap.NewNop())
	return filter.New(&grip.Instruction{
		Meta:     map[string]string{"user": "alice"},
		Channels: []grip.Channel{{Name: "a", Filters: names}},
	}, route)
}

// However little is taken at a time, what is kept back does not come.
func TestWhatIsFilteredStaysSoWhenABatchIsBroken(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		s := newScript(t)
		f := s.follow(t, Stream{EventStream: true, Filters: aliceWith(grip.SkipSelf)})
		var want strings.Builder
		for i := range 40 {
			it := grip.Item{Stream: &grip.StreamFormat{Content: fmt.Appendf(nil, "data: %d\n\n", i)}}
			if r.IntN(2) == 0 {
				it.Meta = map[string]string{"sender": "alice"}
			} else {
				want.Write(wire.AppendChunk(nil, it.Stream.Content))
			}
			s.tell(t, it)
		}
		got, _ := taker(f, NewBatch(7, 60), func(n int) int { return r.IntN(n + 1) })
		if got != want.String() {
			t.Fatalf("got %q, want %q", got, want.String())
		}
	}
}

func TestWhatIsFilteredIsCountedOnceWhenABatchIsBroken(t *testing.T) {
	s, registry := newScript(t), prometheus.NewRegistry()
	f := s.follow(t, Stream{EventStream: true, Filters: aliceIn(registry, grip.SkipSelf)})
	for range 10 {
		s.say(t, "data: x\n\n")
		s.tell(t, grip.Item{Meta: map[string]string{"sender": "alice"}, Stream: &grip.StreamFormat{Content: []byte("data: y\n\n")}})
	}
	taker(f, NewBatch(100, 10_000), func(n int) int { return min(n, 7) })
	want := `# HELP holdfast_filtered_entries_total Entries that a filter kept from a held response, as it should.
# TYPE holdfast_filtered_entries_total counter
holdfast_filtered_entries_total{filter="require-sub",route="r"} 0
holdfast_filtered_entries_total{filter="skip-self",route="r"} 10
holdfast_filtered_entries_total{filter="skip-users",route="r"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "holdfast_filtered_entries_total"); err != nil {
		t.Error(err)
	}
}

func TestContentForOtherFiltersIsNotSent(t *testing.T) {
	s := newScript(t)
	content := func(text string, filters ...string) {
		s.tell(t, grip.Item{Stream: &grip.StreamFormat{Content: []byte(text), ContentFilters: filters}})
	}
	plain, skipping := s.follow(t, Stream{}), s.follow(t, Stream{Filters: aliceWith(grip.SkipSelf)})
	own := s.follow(t, Stream{Filters: aliceWith(grip.VarSubst)})
	content("%(user)s", grip.VarSubst)
	content("x")
	content("%(user)s", grip.BuildID)
	for name, c := range map[string]struct {
		feed *Feed
		want string
	}{
		"no filter":        {plain, "1\r\nx\r\n"},
		"a message filter": {skipping, "1\r\nx\r\n"},
		"that very filter": {own, "5\r\nalice\r\n1\r\nx\r\n"},
	} {
		if got, _ := taker(c.feed, NewBatch(maxEntries, maxBytes), all); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if n := testutil.ToFloat64(s.feeds.metrics.mismatches); n != 4 {
		t.Errorf("%v mismatches counted, want 2 for each of the streams without content filters", n)
	}
}

// A layout that is one stream's own is not taken for another's, whose filters have
// other variables.
func TestOwnContentIsNotShared(t *testing.T) {
	s := newScript(t)
	b := NewBatch(maxEntries, maxBytes)
	first, second := s.follow(t, Stream{Filters: aliceWith(grip.VarSubst)}), s.follow(t, Stream{})
	s.tell(t, grip.Item{Stream: &grip.StreamFormat{Content: []byte("%(user)s")}})
	for _, c := range []struct {
		feed *Feed
		want string
	}{{first, "5\r\nalice\r\n"}, {second, "8\r\n%(user)s\r\n"}} {
		if got, _ := taker(c.feed, b, all); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// What is substituted decides where an event stream stands: inside an event nothing
// of ours may follow.
func TestOwnContentMovesTheStateOfAStream(t *testing.T) {
	s := newScript(t)
	f := s.follow(t, Stream{EventStream: true, Filters: aliceWith(grip.BuildID), KeepAlive: KeepAlive{Data: []byte(":\n\n"), Interval: 1}})
	b := NewBatch(maxEntries, maxBytes)
	s.tell(t, grip.Item{Stream: &grip.StreamFormat{Content: []byte("%(data: x\n)I")}})
	if got, _ := taker(f, b, all); got != "8\r\ndata: x\n\r\n" {
		t.Errorf("got %q", got)
	}
	if step, _ := f.Fill(b, Due{KeepAlive: true}); step != AtHead {
		t.Error("a keep-alive inside an event")
	}
}
