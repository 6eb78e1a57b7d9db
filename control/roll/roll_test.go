package roll_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// listed is a hub that has these channels.
type listed []channels.Info

func (l listed) Channels(q channels.Listing) (page []channels.Info, of channels.Totals) {
	for _, i := range l {
		if !strings.HasPrefix(i.Name, q.Prefix) || !q.Only.Match(i.Name) {
			continue
		}
		of.Channels++
		of.Streams += i.Streams
		if i.Name > q.After && len(page) < q.Limit {
			page = append(page, i)
		}
	}
	return page, of
}

func (l listed) Channel(name string) (channels.Info, bool) {
	for _, i := range l {
		if i.Name == name {
			return i, true
		}
	}
	return channels.Info{}, false
}

// TestPagesOfNodesMakeAllChannelsOfTheCluster: however channels are spread and
// pages cut, each comes once, in the order of names, with all its subscribers.
func TestPagesOfNodesMakeAllChannelsOfTheCluster(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		hubs := make([]listed, 1+random.IntN(4))
		want := map[string]int{}
		for i := range random.IntN(40) {
			name := fmt.Sprintf("user-%02d", i)
			for n := range hubs {
				if streams := random.IntN(4); streams > 0 {
					hubs[n] = append(hubs[n], channels.Info{Name: name, Streams: streams})
					want[name] += streams
				}
			}
		}
		got := readAll(t, hubs, 1+random.IntN(7), random)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// readAll reads page by page. Nodes shorten their pages as they like.
func readAll(t *testing.T, hubs []listed, limit int, random *rand.Rand) map[string]int {
	t.Helper()
	got, last := map[string]int{}, ""
	for q := (roll.Question{Prefix: "user-", Limit: limit}); ; {
		var reports []roll.Report
		for n, h := range hubs {
			r := roll.Tell(h, fmt.Sprint(n), q)
			if keep := 1 + random.IntN(limit); keep < len(r.Page) {
				r.Page, r.More = r.Page[:keep], true
			}
			reports = append(reports, r)
		}
		page, next := roll.Merge(reports, limit)
		if len(page) > limit {
			t.Fatalf("%d channels, want at most %d", len(page), limit)
		}
		for _, c := range page {
			if c.Name <= last {
				t.Fatalf("%s after %s", c.Name, last)
			}
			last, got[c.Name] = c.Name, c.Subscribers
		}
		if next == "" {
			return got
		}
		q.After = next
	}
}

func TestTheNodeThatKeepsMostSpeaksForAChannel(t *testing.T) {
	report := func(c roll.Channel) roll.Report { return roll.Report{Page: []roll.Channel{c}} }
	page, _ := roll.Merge([]roll.Report{
		report(roll.Channel{Name: "a", Subscribers: 1, Entries: 2, Bytes: 20, First: "e-1", Last: "e-2"}),
		report(roll.Channel{Name: "a", Subscribers: 2, Entries: 3, Bytes: 30, First: "e-1", Last: "e-3"}),
		report(roll.Channel{Name: "a", Subscribers: 4}),
	}, 10)
	want := []roll.Channel{{Name: "a", Subscribers: 7, Entries: 3, Bytes: 30, First: "e-1", Last: "e-3"}}
	if !slices.Equal(page, want) {
		t.Errorf("%+v", page)
	}
}

func TestANodeTellsOfOneChannel(t *testing.T) {
	h := listed{{Name: "a", Streams: 2}, {Name: "b", Streams: 1}}
	got := roll.Tell(h, "one", roll.Question{Channel: "a"})
	want := roll.Report{Node: roll.Node{Name: "one", Channels: 1, Subscribers: 2}, Page: []roll.Channel{{Name: "a", Subscribers: 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := roll.Tell(h, "one", roll.Question{Channel: "c"}); len(got.Page) > 0 || got.Node.Channels != 0 {
		t.Errorf("%+v", got)
	}
}

func TestANodeTellsOnlyOfWhatIsAskedFor(t *testing.T) {
	h := listed{{Name: "a", Streams: 2}, {Name: "b1", Streams: 1}, {Name: "b2", Streams: 4}, {Name: "c", Streams: 8}}
	asked, err := json.Marshal(roll.Question{Limit: 2, Only: channels.Patterns{"b*", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	var q roll.Question // as another node gets it
	if err := json.Unmarshal(asked, &q); err != nil {
		t.Fatal(err)
	}
	got := roll.Tell(h, "one", q)
	want := roll.Report{
		Node: roll.Node{Name: "one", Channels: 3, Subscribers: 13}, More: true,
		Page: []roll.Channel{{Name: "b1", Subscribers: 1}, {Name: "b2", Subscribers: 4}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
