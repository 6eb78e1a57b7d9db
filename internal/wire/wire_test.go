package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
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
		"an event without an id":            {stream("data: x\n\n"), true, "9\r\ndata: x\n\n\r\n", "1c\r\ndata: x\nid: abcdefghijkl-7\n\n\r\n"},
		"where no route wants positions":    {stream("data: x\n\n"), false, "9\r\ndata: x\n\n\r\n", "9\r\ndata: x\n\n\r\n"},
		"an event with an id":               {stream("data: x\nid: 1\n\n"), true, "f\r\ndata: x\nid: 1\n\n\r\n", "f\r\ndata: x\nid: 1\n\n\r\n"},
		"half an event":                     {stream("data: x\n"), true, "8\r\ndata: x\n\r\n", "8\r\ndata: x\n\r\n"},
		"our event gets its position":       {grip.Item{Event: &grip.EventFormat{Data: "x"}}, false, "1c\r\ndata: x\nid: abcdefghijkl-7\n\n\r\n", "1c\r\ndata: x\nid: abcdefghijkl-7\n\n\r\n"},
		"our event gets its item's id":      {grip.Item{ID: "i", Event: &grip.EventFormat{Data: "x"}}, false, "f\r\ndata: x\nid: i\n\n\r\n", "f\r\ndata: x\nid: i\n\n\r\n"},
		"an item id that cannot be written": {grip.Item{ID: "i\n", Event: &grip.EventFormat{Data: "x"}}, false, "1c\r\ndata: x\nid: abcdefghijkl-7\n\n\r\n", "1c\r\ndata: x\nid: abcdefghijkl-7\n\n\r\n"},
		"our event's own id":                {grip.Item{ID: "i", Event: &grip.EventFormat{ID: "e", Data: "x", Name: "n", Retry: 5}}, false, "21\r\nevent: n\nretry: 5\ndata: x\nid: e\n\n\r\n", "21\r\nevent: n\nretry: 5\ndata: x\nid: e\n\n\r\n"},
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
	for _, want := range []grip.ResponseFormat{{Answer: a}, {Answer: grip.Answer{Code: 200}, Patch: []byte("[]")}} {
		e := Item(grip.Item{Response: &want}, Options{}).Encode(place)
		got, err := ParseResponse([]byte(form(e, Response)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

// items are one of each kind.
func items() map[string]grip.Item {
	event := "event: n\ndata: " + strings.Repeat("x", 200) + "\n\n"
	return map[string]grip.Item{
		"bytes":        {ID: "1", Stream: &grip.StreamFormat{Content: []byte(event)}},
		"with an id":   {Stream: &grip.StreamFormat{Content: []byte("id: 12345\n" + event)}},
		"with two ids": {Stream: &grip.StreamFormat{Content: []byte("id: 1\n" + event + "id: 2\n" + event)}},
		"our event":    {Event: &grip.EventFormat{Name: "n", Data: strings.Repeat("x", 200)}},
		"a close":      {Stream: &grip.StreamFormat{Action: grip.Close}},
		"a response":   {Response: &grip.ResponseFormat{Answer: grip.Answer{Code: 200, Header: http.Header{"A": {"b"}}, Body: []byte("x")}}},
	}
}

// Invariant: encoded once, into one allocation, which is never outgrown.
func TestEncodingAllocatesOnce(t *testing.T) {
	for name, it := range items() {
		for _, positions := range []bool{false, true} {
			item := Item(it, Options{PositionIDs: positions})
			if n := testing.AllocsPerRun(100, func() { item.Encode(place) }); n > 1 {
				t.Errorf("%s, positions %v: %v allocations", name, positions, n)
			}
		}
	}
}

func TestFormsThatAreEqualShareTheirBytes(t *testing.T) {
	for name, it := range items() {
		if e := Item(it, Options{}).Encode(place); e.Forms[Stream] != e.Forms[StreamIDs] {
			t.Errorf("%s: %v", name, e.Forms)
		}
	}
}

func TestIDsThatClientsSeeAreListed(t *testing.T) {
	for name, want := range map[string][]string{"bytes": nil, "with an id": {"12345"}, "with two ids": {"1", "2"}, "our event": {place.String()}, "a close": nil, "a response": nil} {
		e := Item(items()[name], Options{}).Encode(place)
		var list []byte
		for _, id := range want {
			list = channels.AppendID(list, id)
		}
		if got := e.Buf[e.IDs.Off : e.IDs.Off+e.IDs.Len]; string(got) != string(list) {
			t.Errorf("%s: %q, want %q", name, got, list)
		}
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
	f.Add(appendResponse(nil, &grip.ResponseFormat{Answer: grip.Answer{Code: 200, Header: http.Header{"A": {"b"}}, Body: []byte("x")}}))
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

func parse(t *testing.T, stream []byte) (events []sse.Event, lastID string) {
	var p sse.Parser
	if err := p.Feed(stream, func(e sse.Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events, p.LastID
}

// FuzzForms checks that content reaches streams as it is, and that an id put in
// changes neither the events nor where the stream stands after them.
func FuzzForms(f *testing.F) {
	f.Add("data: a\n\n: c\n\ndata: b\r\n\r\n")
	f.Add(": c\ndata: a\r\r")
	f.Add("data: a\n")
	f.Fuzz(func(t *testing.T, content string) {
		it := grip.Item{ID: "i", Stream: &grip.StreamFormat{Content: []byte(content)}}
		e := Item(it, Options{PositionIDs: true}).Encode(place)
		if got := string(Data([]byte(form(e, Stream)))); got != content {
			t.Fatalf("%q became %q", content, got)
		}
		withID := Data([]byte(form(e, StreamIDs)))
		if string(withID) == content || strings.HasPrefix(content, "\ufeff") { // a mark means something only at the start of a stream
			return
		}
		if sse.Scan(withID).Effect.From(0) != Effect(e.Tag).From(0) {
			t.Fatalf("%q and %q end elsewhere", content, withID)
		}
		before, _ := parse(t, []byte(content))
		after, lastID := parse(t, withID)
		if len(before) != len(after) || !strings.Contains(content, "id") && lastID != place.String() {
			t.Fatalf("%q became %q", content, withID)
		}
		for i := range before {
			if before[i].Name != after[i].Name || before[i].Data != after[i].Data {
				t.Fatalf("%q became %q", content, withID)
			}
		}
	})
}

// FuzzEvents checks that our events arrive as they were published.
func FuzzEvents(f *testing.F) {
	f.Add("", "", "name", "a\nb", 3)
	f.Add("item", "event", "", "", 0)
	f.Fuzz(func(t *testing.T, itemID, id, name, data string, retry int) {
		event := &grip.EventFormat{ID: id, Name: name, Data: data, Retry: retry}
		if event.Validate() != nil {
			return
		}
		e := Item(grip.Item{ID: itemID, Event: event}, Options{}).Encode(place)
		stream := Data([]byte(form(e, Stream)))
		want := sse.Event{Name: name, ID: id, Data: strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")}
		if want.ID == "" && !strings.ContainsAny(itemID, "\r\n\x00") {
			want.ID = itemID
		}
		if want.ID == "" {
			want.ID = place.String()
		}
		if events, _ := parse(t, stream); len(events) != 1 || events[0] != want {
			t.Fatalf("%q is read as %+v, want %+v", stream, events, want)
		}
		if sse.Scan(stream).Effect != Effect(e.Tag) {
			t.Fatalf("%q: another effect", stream)
		}
	})
}

func BenchmarkItem(b *testing.B) {
	for name, it := range items() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Item(it, Options{})
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, it := range items() {
		b.Run(name, func(b *testing.B) {
			item := Item(it, Options{PositionIDs: true})
			b.ReportAllocs()
			for b.Loop() {
				item.Encode(place)
			}
		})
	}
}

func TestEntriesSayWhatTheyFollow(t *testing.T) {
	e := Item(grip.Item{ID: "2", PrevID: "1", Stream: &grip.StreamFormat{Content: []byte("x")}}, Options{}).Encode(place)
	if got := string(e.Buf[e.PrevID.Off : e.PrevID.Off+e.PrevID.Len]); got != "1" {
		t.Errorf("prev-id %q", got)
	}
	if got := string(e.Buf[e.ItemID.Off : e.ItemID.Off+e.ItemID.Len]); got != "2" {
		t.Errorf("id %q", got)
	}
}
