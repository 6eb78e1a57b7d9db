package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

var place = channels.Position{Epoch: "abcdefghijkl", Seq: 7}

func form(e channels.Encoded, f channels.Form) string {
	s := e.Forms[f]
	return string(e.Buf[s.Off : s.Off+s.Len])
}

func TestItemsAreLaidOutForEveryReader(t *testing.T) {
	stream := func(s string) grip.Item { return grip.Item{Stream: &grip.StreamFormat{Content: []byte(s)}} }
	for name, c := range map[string]struct {
		item           grip.Item
		positions      bool
		stream, withID string
	}{
		"bytes":                             {stream("hi"), true, "2\r\nhi\r\n", "2\r\nhi\r\n"},
		"nothing":                           {stream(""), true, "", ""},
		"an event without an id":            {stream("data: x\n\n"), true, "9\r\ndata: x\n\n\r\n", "1c\r\nid: abcdefghijkl-7\ndata: x\n\n\r\n"},
		"where no route wants positions":    {stream("data: x\n\n"), false, "9\r\ndata: x\n\n\r\n", "9\r\ndata: x\n\n\r\n"},
		"an event with an id":               {stream("id: 1\ndata: x\n\n"), true, "f\r\nid: 1\ndata: x\n\n\r\n", "f\r\nid: 1\ndata: x\n\n\r\n"},
		"half an event":                     {stream("data: x\n"), true, "8\r\ndata: x\n\r\n", "8\r\ndata: x\n\r\n"},
		"our event gets its position":       {grip.Item{Event: &grip.EventFormat{Data: "x"}}, false, "1c\r\nid: abcdefghijkl-7\ndata: x\n\n\r\n", "1c\r\nid: abcdefghijkl-7\ndata: x\n\n\r\n"},
		"our event gets its item's id":      {grip.Item{ID: "i", Event: &grip.EventFormat{Data: "x"}}, false, "f\r\nid: i\ndata: x\n\n\r\n", "f\r\nid: i\ndata: x\n\n\r\n"},
		"an item id that cannot be written": {grip.Item{ID: "i\n", Event: &grip.EventFormat{Data: "x"}}, false, "1c\r\nid: abcdefghijkl-7\ndata: x\n\n\r\n", "1c\r\nid: abcdefghijkl-7\ndata: x\n\n\r\n"},
		"our event's own id":                {grip.Item{ID: "i", Event: &grip.EventFormat{ID: "e", Data: "x", Name: "n", Retry: 5}}, false, "21\r\nevent: n\nid: e\nretry: 5\ndata: x\n\n\r\n", "21\r\nevent: n\nid: e\nretry: 5\ndata: x\n\n\r\n"},
		"an action":                         {grip.Item{Stream: &grip.StreamFormat{Action: grip.Close}}, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := Item(c.item, Options{PositionIDs: c.positions}).Encode(place)
			if got := form(e, Stream); got != c.stream {
				t.Errorf("stream %q, want %q", got, c.stream)
			}
			if got := form(e, StreamIDs); got != c.withID {
				t.Errorf("with ids %q, want %q", got, c.withID)
			}
			if got := string(Data([]byte(form(e, Stream)))); c.item.Stream != nil && got != string(c.item.Stream.Content) {
				t.Errorf("data %q", got)
			}
		})
	}
}

func TestActionsGoToTheirForms(t *testing.T) {
	it := Item(grip.Item{
		Stream:   &grip.StreamFormat{Action: grip.Close},
		Response: &grip.ResponseFormat{Action: grip.Hint},
	}, Options{})
	if want := [channels.NumForms]channels.Action{channels.Close, channels.Close, channels.Hint}; it.Actions != want {
		t.Errorf("actions %v", it.Actions)
	}
	it = Item(grip.Item{Response: &grip.ResponseFormat{Action: grip.Close}}, Options{})
	if it.Actions != [channels.NumForms]channels.Action{} {
		t.Errorf("a response's close has actions %v", it.Actions)
	}
}

func TestResponsesAreReadAsWritten(t *testing.T) {
	a := grip.Answer{Code: 404, Reason: "Gone Fishing", Header: http.Header{"X-A": {"1", "2"}, "B": {""}}, Body: []byte("body")}
	e := Item(grip.Item{Response: &grip.ResponseFormat{Answer: a}}, Options{}).Encode(place)
	got, err := ParseResponse([]byte(form(e, Response)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&a, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// Invariant: encoded once, into one allocation.
func TestEncodingAllocatesLittle(t *testing.T) {
	it := Item(grip.Item{Stream: &grip.StreamFormat{Content: []byte("data: " + strings.Repeat("x", 200) + "\n\n")}}, Options{})
	if n := testing.AllocsPerRun(100, func() { it.Encode(place) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestABufferHasNoSlack(t *testing.T) {
	it := grip.Item{ID: "1", Stream: &grip.StreamFormat{Content: []byte(strings.Repeat("data: x\n\n", 100))}}
	e := Item(it, Options{PositionIDs: true}).Encode(place)
	if used := len(e.Buf); used < 1800 || used > 2000 {
		t.Errorf("%d bytes", used)
	}
}

func FuzzResponse(f *testing.F) {
	f.Add(appendResponse(nil, &grip.Answer{Code: 200, Header: http.Header{"A": {"b"}}, Body: []byte("x")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseResponse(b)
		if err != nil {
			return
		}
		again, err := ParseResponse(appendResponse(nil, a))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, again, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	it := Item(grip.Item{Stream: &grip.StreamFormat{Content: []byte("id: 12345\ndata: " + strings.Repeat("x", 180) + "\n\n")}}, Options{})
	b.ReportAllocs()
	for b.Loop() {
		it.Encode(place)
	}
}
