package intake_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
)

// gate lets everything pass but one channel, and so many items.
type gate struct {
	closed string
	most   int
	asked  []string // in order
}

var (
	errClosed = errors.New("closed")
	errMany   = errors.New("too many")
)

func (g *gate) Channel(name string) error {
	g.asked = append(g.asked, name)
	if name == g.closed {
		return errClosed
	}
	return nil
}

func (g *gate) Take(items int) error {
	g.asked = append(g.asked, fmt.Sprint(items))
	if items > g.most {
		return errMany
	}
	return nil
}

func TestAGateIsAskedBeforeAnythingIsPublished(t *testing.T) {
	items := func(names ...string) string {
		text := ""
		for i, name := range names {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf(`{"channel":%q,"formats":{"sse":{"data":"x"}}}`, name)
		}
		return `{"items":[` + text + `]}`
	}
	tests := []struct {
		name, payload string
		want          string // the error; empty: published
		asked         []string
	}{
		{"what may pass", items("a", "b"), "", []string{"a", "b", "2"}},
		{"one of several that may not", items("a", "no", "b"), "Item 1: closed", []string{"a", "no"}},
		{"the only one, that may not", items("no"), "closed", []string{"no"}},
		{"too many", items("a", "b", "c"), "too many", []string{"a", "b", "c", "3"}},
		{"what is malformed", items("no", ""), `Invalid format: channel name "": is empty (item 1)`, nil},
		{"nothing", items(), "", []string{"0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hub := channels.NewHub(channels.DefaultOptions())
			defer hub.Close()
			g := &gate{closed: "no", most: 2}
			receipt, err := newIntake(hub).Through(g).Items(t.Context(), []byte(tt.payload))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if !slices.Equal(g.asked, tt.asked) {
				t.Errorf("asked %q", g.asked)
			}
			if n := hub.Stats().Published; n != uint64(len(receipt.Items)) {
				t.Errorf("%d published, %d in the receipt", n, len(receipt.Items))
			}
		})
	}
}

func TestAGateIsAskedOfEvents(t *testing.T) {
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	in := newIntake(hub)
	var kept *intake.KeptError
	if _, err := in.Through(&gate{closed: "c", most: 1}).Event(t.Context(), intake.Event{Channel: "c"}); !errors.As(err, &kept) || !errors.Is(err, errClosed) {
		t.Errorf("%v", err)
	}
	if _, err := in.Through(&gate{}).Event(t.Context(), intake.Event{Channel: "c"}); !errors.Is(err, errMany) {
		t.Errorf("%v", err)
	}
	if n := hub.Stats().Published; n != 0 {
		t.Errorf("%d published", n)
	}
	if _, err := in.Through(&gate{most: 1}).Event(t.Context(), intake.Event{Channel: "c"}); err != nil || hub.Stats().Published != 1 {
		t.Errorf("%v", err)
	}
}
