package filter

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func newSet(in grip.Instruction) *Set {
	return New(&in, NewMetrics(prometheus.NewRegistry()).Route("r", zap.NewNop()))
}

type nobody struct{}

func (nobody) Wake(*channels.Log) {}

// read returns items as a reader of the channels of in gets them.
func read(t *testing.T, in grip.Instruction, items ...grip.Item) []channels.Entry {
	t.Helper()
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	follow := channels.Follow{Group: nobody{}}
	for _, c := range in.Channels {
		follow.Subscriptions = append(follow.Subscriptions, channels.Subscription{Channel: c.Name})
	}
	c, err := hub.Follow(context.Background(), follow)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if _, err := hub.Publish(t.Context(), wire.Item(it, wire.Options{})); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := c.Next(nil, len(items), 1<<20)
	if err != nil || len(entries) != len(items) {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	return entries
}

func content(channel, id, text string) grip.Item {
	return grip.Item{Channel: channel, ID: id, Stream: &grip.StreamFormat{Content: []byte(text)}}
}

func TestAnInstructionWithoutFiltersHasNoSet(t *testing.T) {
	in := grip.Instruction{Meta: map[string]string{"user": "a"}, Channels: []grip.Channel{{Name: "a"}}}
	s := newSet(in)
	e := read(t, in, content("a", "", "x"))
	if s != nil || !s.Takes(&e[0]) || s.Rewrites() || s.BuildsIDs() {
		t.Errorf("%+v filters", s)
	}
}

func TestDecidingAllocatesNothing(t *testing.T) {
	in := grip.Instruction{
		Meta:     map[string]string{"user": "alice"},
		Channels: []grip.Channel{{Name: "a", Filters: []string{grip.SkipSelf, grip.SkipUsers, grip.RequireSub}}},
	}
	s := newSet(in)
	it := content("a", "1", "x")
	it.Meta = map[string]string{"sender": "bob", "skip_users": "carol, dave", "require_sub": "a"}
	e := read(t, in, it)
	if n := testing.AllocsPerRun(100, func() { s.Takes(&e[0]) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// T54, T55 and what stands around them in the same chapter.
func TestContentIsRewritten(t *testing.T) {
	meta := map[string]string{"name": "Al", "par)en": "p", "empty": "", "id_format": "%(a)s"}
	for name, c := range map[string]struct {
		filters []string
		content string
		want    string // empty: it cannot be rewritten
	}{
		"variables":                      {[]string{"var-subst"}, "hi %(name)s%(empty)s 100%%\n", "hi Al 100%\n"},
		"an escaped parenthesis":         {[]string{"var-subst"}, `%(par\)en)s`, "p"},
		"nothing to rewrite":             {[]string{"var-subst"}, "plain", "plain"},
		"an unknown variable":            {[]string{"var-subst"}, "%(nick)s", ""},
		"a variable without a name":      {[]string{"var-subst"}, "%s", ""},
		"an unknown directive":           {[]string{"var-subst"}, "%(name)d", ""},
		"a percent sign alone":           {[]string{"var-subst"}, "100 %", ""},
		"a percent sign before a space":  {[]string{"var-subst"}, "100 % ", ""},
		"an argument without an end":     {[]string{"var-subst"}, "%(name", ""},
		"an argument that ends escaped":  {[]string{"var-subst"}, `%(name\`, ""},
		"an id":                          {[]string{"build-id"}, "id: %I\n", "id: 2\n"},
		"an id of its own":               {[]string{"build-id"}, "id: %(x)I\n", "id: x\n"},
		"a variable for build-id":        {[]string{"build-id"}, "%(name)s", ""},
		"both, in their order":           {[]string{"var-subst", "build-id"}, "%(name)s %%I", "Al 2"},
		"both, in the order of the hold": {[]string{"build-id", "var-subst"}, "%I %%(name)s", "2 Al"},
		"a message filter between":       {[]string{"var-subst", "skip-self"}, "%(name)s", "Al"},
		"too much":                       {[]string{"build-id", "var-subst"}, strings.Repeat("%%(large)s", 20), ""},
	} {
		t.Run(name, func(t *testing.T) {
			meta["large"] = strings.Repeat("x", 64<<10)
			in := grip.Instruction{Meta: meta, Channels: []grip.Channel{{Name: "a", PrevID: "1", Filters: c.filters}}}
			s := newSet(in)
			e := &read(t, in, content("a", "2", c.content))[0]
			if !s.Takes(e) {
				t.Fatal("not taken")
			}
			got, ok := s.RewriteStream(e, []byte(c.content))
			if ok != (c.want != "") || string(got) != c.want {
				t.Errorf("got %q, %v, want %q", got, ok, c.want)
			}
		})
	}
}

func TestAnIDTellsOfEveryChannel(t *testing.T) {
	for name, c := range map[string]struct {
		meta map[string]string
		want []string
	}{
		"in one text":         {map[string]string{"id_format": "v1:%(a)s/%(b)s"}, []string{"v1:a1/b0", "v1:a1/b1", "v1:/b1"}},
		"in hexadecimal":      {map[string]string{"id_format": "%(b)s", "id_encoding": "hex"}, []string{"6230", "6231", "6231"}},
		"in another encoding": {map[string]string{"id_format": "%(b)s", "id_encoding": "rot13"}, []string{"", "", ""}},
		"of no such channel":  {map[string]string{"id_format": "%(c)s"}, []string{"", "", ""}},
		"of no format":        {nil, []string{"", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			filters := []string{grip.BuildID, grip.SkipSelf}
			in := grip.Instruction{Meta: c.meta, Channels: []grip.Channel{{Name: "a", Filters: filters}, {Name: "b", PrevID: "b0", Filters: filters}}}
			s := newSet(in)
			entries := read(t, in, content("a", "a1", "%I"), content("b", "b1", "%I"), content("a", "", "%I"))
			var got []string
			for i := range entries {
				s.Takes(&entries[i])
				text, _ := s.RewriteStream(&entries[i], []byte("%I"))
				got = append(got, string(text))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBuiltIDsAreReadBack(t *testing.T) {
	for name, c := range map[string]struct {
		format, encoding, prevID, id string
		want                         []string // of channels a and b; nil: not read
	}{
		"one channel":                     {format: "%(a)s", id: "7", want: []string{"7", ""}},
		"two channels":                    {format: "x%(b)s-%(a)s.", id: "x2-1.", want: []string{"1", "2"}},
		"a percent sign":                  {format: "%(a)s%%%(b)s", id: "1%2", want: []string{"1", "2"}},
		"hexadecimal":                     {format: "%(a)s", encoding: "hex", id: "37", want: []string{"7", ""}},
		"the origin's word":               {format: "%(a)s", prevID: "9", id: "7", want: []string{"9", ""}},
		"what is not hexadecimal":         {format: "%(a)s", encoding: "hex", id: "x"},
		"another beginning":               {format: "x%(a)s", id: "7"},
		"another end":                     {format: "%(a)sx", id: "7"},
		"too little":                      {format: "%(a)s-%(b)s", id: "7"},
		"names with nothing between":      {format: "%(a)s%(b)s", id: "12"},
		"no names":                        {format: "x", id: "x"},
		"no format":                       {id: "x"},
		"a format with another directive": {format: "%d", id: "x"},
		"nothing":                         {format: "%(a)s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSet(grip.Instruction{
				Meta:     map[string]string{"id_format": c.format, "id_encoding": c.encoding},
				Channels: []grip.Channel{{Name: "a", PrevID: c.prevID, Filters: []string{grip.BuildID}}, {Name: "b"}},
			})
			got, ok := s.Seen(c.id)
			if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
				t.Error(ok, diff)
			}
		})
	}
	if _, ok := newSet(grip.Instruction{Channels: []grip.Channel{{Name: "a", Filters: []string{grip.VarSubst}}}}).Seen("1"); ok {
		t.Error("an id is read that no filter has built")
	}
}

// FuzzExpand checks that a text without directives is itself, that everything is
// bounded, and that what was escaped is what it was.
func FuzzExpand(f *testing.F) {
	f.Add("%(a)s 100%% %I")
	f.Add(`%(\))s%`)
	f.Fuzz(func(t *testing.T, text string) {
		calls := 0
		out, err := expand(nil, []byte(text), func(directive) (string, error) { calls++; return "v", nil })
		if err == nil && !strings.Contains(text, "%") && string(out) != text || len(out) > len(text) {
			t.Errorf("%q became %q", text, out)
		}
		escaped := strings.ReplaceAll(text, "%", "%%")
		if out, err := expand(nil, []byte(escaped), nil); err != nil || string(out) != text {
			t.Errorf("%q became %q, %v", escaped, out, err)
		}
	})
}

// FuzzSeen checks that an id which was built is read as what it was built of,
// unless an id has what stands between them in it.
func FuzzSeen(f *testing.F) {
	f.Add("x%(a)s-%(b)s.", "1", "2")
	f.Add("%(a)s%%", "7", "")
	f.Fuzz(func(t *testing.T, format, a, b string) {
		instruction := func(a, b string) grip.Instruction {
			return grip.Instruction{
				Meta:     map[string]string{"id_format": format},
				Channels: []grip.Channel{{Name: "a", PrevID: a, Filters: []string{grip.BuildID}}, {Name: "b", PrevID: b}},
			}
		}
		id, err := newSet(instruction(a, b)).latest()
		if err != nil {
			return
		}
		again := newSet(instruction("", ""))
		if _, ok := again.Seen(id); !ok {
			return
		}
		if built, err := again.latest(); err != nil || built != id {
			t.Errorf("%q is read as what builds %q, %v", id, built, err)
		}
	})
}

// A stream that is renewed has seen what it had seen, of the channels that it keeps.
func TestASetGoesOnWhereAnotherStands(t *testing.T) {
	buildID := func(name, prev string) grip.Channel {
		return grip.Channel{Name: name, PrevID: prev, Filters: []string{grip.BuildID}}
	}
	before := newSet(grip.Instruction{Channels: []grip.Channel{buildID("a", "1"), buildID("gone", "2")}})
	before.channels[0].last = "9"
	s := newSet(grip.Instruction{Channels: []grip.Channel{buildID("new", "3"), buildID("a", "1")}})
	s.GoOn(before)
	if s.channels[0].last != "3" || s.channels[1].last != "9" {
		t.Errorf("%+v", s.channels)
	}
	s.GoOn(nil)
	(*Set)(nil).GoOn(before)
}
