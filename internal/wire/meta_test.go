package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// published returns it as readers get it.
func published(t *testing.T, it grip.Item) *channels.Entry {
	t.Helper()
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	it.Channel = "c"
	c, err := hub.Follow(t.Context(), channels.Follow{Subscriptions: []channels.Subscription{{Channel: "c"}}, Group: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hub.Publish(t.Context(), Item(it, Options{})); err != nil {
		t.Fatal(err)
	}
	entries, err := c.Next(nil, 1, 0)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	return &entries[0]
}

type nobody struct{}

func (nobody) Wake(*channels.Log) {}

func TestEntriesHaveWhatTheirItemsSayToFilters(t *testing.T) {
	content := []byte("x")
	for name, c := range map[string]struct {
		item       grip.Item
		want       Meta
		restricted bool
	}{
		"nothing": {grip.Item{ID: "i", Meta: map[string]string{"other": "x"}, Stream: &grip.StreamFormat{Content: content}}, Meta{}, false},
		"everything": {grip.Item{
			ID:       "i",
			Meta:     map[string]string{"sender": "al", "skip_users": "a, b", "require_sub": "vip"},
			Stream:   &grip.StreamFormat{Content: content, ContentFilters: []string{"build-id", "var-subst"}},
			Response: &grip.ResponseFormat{ContentFilters: []string{}},
			Message:  &grip.MessageFormat{ContentFilters: []string{"var-subst"}},
		}, Meta{[]byte("al"), []byte("a, b"), []byte("vip"), []byte("=build-id,var-subst"), []byte("="), []byte("=var-subst")}, true},
		"a restricted message": {grip.Item{Message: &grip.MessageFormat{ContentFilters: []string{"var-subst"}}, Stream: &grip.StreamFormat{Content: content}},
			Meta{Message: []byte("=var-subst")}, false},
		"a restricted event": {grip.Item{Event: &grip.EventFormat{Data: "x", ContentFilters: []string{"var-subst"}}},
			Meta{Stream: []byte("=var-subst")}, true},
		"no filters needed": {grip.Item{Stream: &grip.StreamFormat{Content: content, ContentFilters: []string{}}},
			Meta{Stream: []byte("=")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := published(t, c.item)
			got := MetaOf(e)
			for _, part := range []*[]byte{&got.Sender, &got.SkipUsers, &got.RequireSub, &got.Stream, &got.Response, &got.Message} {
				if len(*part) == 0 {
					*part = nil
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if IsRestricted(e.Tag()) != c.restricted || string(e.ItemID()) != c.item.ID {
				t.Errorf("restricted %v, id %q", IsRestricted(e.Tag()), e.ItemID())
			}
			if got := IsRestrictedMessage(e.Tag()); got != (len(c.want.Message) > 1) {
				t.Errorf("the message is restricted: %v", got)
			}
			if got, want := Effect(e.Tag()), sse.Scan(Data(e.Bytes(Stream))).Effect; got != want {
				t.Errorf("effect %x, want %x", got, want)
			}
			if n := testing.AllocsPerRun(100, func() { MetaOf(e) }); n > 0 {
				t.Errorf("%v allocations to read it", n)
			}
		})
	}
}
