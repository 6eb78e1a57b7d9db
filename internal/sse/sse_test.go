package sse

import (
	"slices"
	"strings"
	"testing"
)

func parse(t testing.TB, pieces ...string) (events []Event, p *Parser) {
	t.Helper()
	p = new(Parser)
	for _, piece := range pieces {
		if err := p.Feed([]byte(piece), func(e Event) { events = append(events, e) }); err != nil {
			t.Fatal(err)
		}
	}
	return events, p
}

func TestEventsAreWrittenAsTheStandardSays(t *testing.T) {
	for name, c := range map[string]struct {
		event Event
		want  string
	}{
		"data alone":                    {Event{Data: "hi"}, "data: hi\n\n"},
		"empty data is one line":        {Event{}, "data: \n\n"},
		"every kind of line break":      {Event{Data: "a\nb\rc\r\nd"}, "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		"a line break at the end":       {Event{Data: "a\n"}, "data: a\ndata: \n\n"},
		"all fields":                    {Event{Name: "n", ID: "7", Data: "x", Retry: 1500}, "event: n\nretry: 1500\ndata: x\nid: 7\n\n"},
		"leading spaces are kept apart": {Event{Data: " x"}, "data:  x\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(AppendEvent(nil, c.event)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	for _, bad := range []Event{{Name: "a\nb"}, {Name: "a\x00"}, {ID: "a\r"}, {ID: "\x00"}, {Retry: -1}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
	if err := (Event{Name: "n", ID: "ü 1", Data: "a\nb\x00", Retry: 1}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestStreamsAreReadAsABrowserReadsThem(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []Event
		lastID string
	}{
		"the standard's first example":  {"data: YHOO\ndata: +2\ndata: 10\n\n", []Event{{Data: "YHOO\n+2\n10"}}, ""},
		"comments and ids":              {": test\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", []Event{{ID: "1", Data: "first event"}, {Data: "second event"}, {Data: " third event"}}, ""},
		"empty data fields":             {"data\n\ndata\ndata\n\ndata:", []Event{{}, {Data: "\n"}}, ""},
		"an id stays until the next":    {"id: 5\ndata: a\n\ndata: b\n\n", []Event{{ID: "5", Data: "a"}, {ID: "5", Data: "b"}}, "5"},
		"an id without data counts":     {"id: 6\n\n", nil, "6"},
		"an unfinished event does not":  {"id: 6\ndata: x\n", nil, ""},
		"an id with NUL is ignored":     {"id: 6\x00\ndata: a\n\n", []Event{{Data: "a"}}, ""},
		"a byte order mark is skipped":  {"\ufeffdata: a\n\n", []Event{{Data: "a"}}, ""},
		"unknown fields and odd spaces": {"dat: x\n data: y\nevent:  n\ndata: a\n\n", []Event{{Name: " n", Data: "a"}}, ""},
		"a name without data is lost":   {"event: n\n\ndata: a\n\n", []Event{{Data: "a"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []string{c.stream, strings.ReplaceAll(c.stream, "\n", "\r\n"), strings.ReplaceAll(c.stream, "\n", "\r")} {
				whole, p := parse(t, stream)
				bytewise, _ := parse(t, strings.Split(stream, "")...)
				if !slices.Equal(whole, c.want) || !slices.Equal(bytewise, c.want) || p.LastID != c.lastID {
					t.Errorf("%q: got %+v and %+v, last id %q", stream, whole, bytewise, p.LastID)
				}
			}
		})
	}
}

func TestRetryTakesDigitsOnly(t *testing.T) {
	for stream, want := range map[string]int{"retry: 1500\n": 1500, "retry: 1e3\n": 0, "retry: -1\n": 0, "retry: +1\n": 0, "retry\n": 0} {
		if _, p := parse(t, stream); p.Retry != want {
			t.Errorf("%q sets %d", stream, p.Retry)
		}
	}
}

func TestAnEndlessLineIsAnError(t *testing.T) {
	for _, stream := range []string{strings.Repeat("x", 11), strings.Repeat("data: 123\n", 4)} {
		p := Parser{MaxEvent: 10}
		var err error
		for range 3 {
			err = p.Feed([]byte(stream), func(Event) {})
		}
		if err != ErrLineTooLong {
			t.Errorf("%q: %v", stream, err)
		}
	}
}

func TestScanFindsIDsAndBoundaries(t *testing.T) {
	for name, c := range map[string]struct {
		content   string
		ids       []string
		whole     bool
		lastHasID bool
	}{
		"nothing":                      {"", nil, false, false},
		"one event":                    {"data: a\n\n", nil, true, false},
		"one event with CR":            {"data: a\r\r", nil, true, false},
		"an id":                        {"id: 1\ndata: a\n\n", []string{"1"}, true, true},
		"two ids":                      {"id: 1\ndata: a\n\nid: 2\ndata: b\n\n", []string{"1", "2"}, true, true},
		"only the first has an id":     {"id: 1\ndata: a\n\ndata: b\n\n", []string{"1"}, true, false},
		"an id line that is corrected": {"id: 1\nid: 2\ndata: a\n\n", []string{"2"}, true, true},
		"an id that is taken back":     {"id: 1\nid\ndata: a\n\n", nil, true, true},
		"half an event":                {"id: 1\ndata: a\n", []string{"1"}, false, false},
		"a comment":                    {":\n\n", nil, false, false},
		"a comment behind an event":    {"data: a\n\n: x\n", nil, true, false},
		"an event and half a line":     {"data: a\n\nda", nil, false, false},
		"no event at all":              {"hello\n", nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, lineEnd := range []string{"\n", "\r\n", "\r"} {
				content := strings.ReplaceAll(c.content, "\n", lineEnd)
				got := Scan([]byte(content))
				if !slices.Equal(got.IDs, c.ids) || got.Whole != c.whole || got.LastHasID != c.lastHasID {
					t.Errorf("Scan(%q) = %+v", content, got)
				}
			}
		})
	}
}

func TestAnIDIsPutOnTheLastEventWithData(t *testing.T) {
	for content, want := range map[string]string{
		"data: a\n\n":                  "data: a\nid: x\n\n",
		"data: a\n\ndata: b\n\n":       "data: a\n\ndata: b\nid: x\n\n",
		"data: a\n\n: end\n\n":         "data: a\nid: x\n\n: end\n\n",
		": c\ndata: a\n\nretry: 5\n\n": ": c\ndata: a\nid: x\n\nretry: 5\n\n",
		"data: a\r\n\r\n":              "data: a\r\nid: x\n\r\n",
		"data: a\r\r":                  "data: a\rid: x\n\r",
	} {
		if got := string(Scan([]byte(content)).AppendWithID(nil, []byte(content), "x")); got != want {
			t.Errorf("%q became %q, want %q", content, got, want)
		}
	}
}

// next is the state after one more byte, by the grammar of HTML section 9.2.5.
func next(s State, b byte) State {
	switch empty := s == boundary || s == boundaryCR; { // nothing on this line, nothing pending
	case b == '\n' && s == boundaryCR:
		return boundary // of the same line end
	case b == '\n' && s == lineStartCR:
		return lineStart
	case b == '\n' && s == midLine:
		return lineStart
	case b == '\n':
		return boundary
	case b == '\r' && s == midLine:
		return lineStartCR
	case b == '\r':
		return boundaryCR
	case s == midComment, empty && b == ':':
		return midComment
	}
	return midLine
}

// FuzzEffect compares the effect of content with a walk over its bytes, from
// every state, and the effect of pieces with that of the whole.
func FuzzEffect(f *testing.F) {
	for _, seed := range []string{"data: a\n\n", "a\r", "\n:\r\n\r", ":x\n", "\r\n", "id: 1\r\rdata"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		one, two, both := Scan([]byte(first)).Effect, Scan([]byte(second)).Effect, Scan([]byte(first+second)).Effect
		for s := range numStates {
			walked := s
			for i := range len(first) {
				walked = next(walked, first[i])
			}
			if got := one.From(s); got != walked {
				t.Fatalf("%q from %d: %d, walked to %d", first, s, got, walked)
			}
			if got := two.From(walked); got != both.From(s) {
				t.Fatalf("%q+%q from %d: %d in pieces, %d whole", first, second, s, got, both.From(s))
			}
		}
	})
}

// FuzzRoundTrip writes an event and reads it back.
func FuzzRoundTrip(f *testing.F) {
	f.Add("name", "id", "data\nmore", 5)
	f.Fuzz(func(t *testing.T, name, id, data string, retry int) {
		e := Event{Name: name, ID: id, Data: data, Retry: retry}
		if e.Validate() != nil || retry > 1<<31-1 {
			return
		}
		written := AppendEvent(nil, e)
		content := Scan(written)
		if !content.Whole || content.LastHasID != (id != "") {
			t.Fatalf("%q scans as %+v", written, content)
		}
		events, p := parse(t, string(written))
		e.Data = strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
		e.Retry = 0
		if len(events) != 1 || events[0] != e || p.Retry != retry {
			t.Fatalf("%+v was written as %q and read as %+v", e, written, events)
		}
	})
}

// FuzzAppendWithID checks that an id changes nothing but the id.
func FuzzAppendWithID(f *testing.F) {
	f.Add("data: a\n\n: c\n\ndata: b\n\nretry: 7\n\n")
	f.Fuzz(func(t *testing.T, content string) {
		if strings.HasPrefix(content, "\ufeff") {
			return // only means something at the start of a stream
		}
		c := Scan([]byte(content))
		if !c.Whole || c.LastHasID {
			return
		}
		before, _ := parse(t, content)
		after, p := parse(t, string(c.AppendWithID(nil, []byte(content), "new")))
		if len(before) != len(after) || p.LastID != "new" && !slices.Contains(c.IDs, p.LastID) {
			t.Fatalf("%q: %+v became %+v, last id %q", content, before, after, p.LastID)
		}
		for i := range before {
			before[i].ID, after[i].ID = "", ""
		}
		if !slices.Equal(before, after) {
			t.Fatalf("%q: %+v became %+v", content, before, after)
		}
	})
}

// FuzzIDs compares the ids that Scan finds with what a parser's last id is after
// each byte: a client that loses its connection there comes back with it.
func FuzzIDs(f *testing.F) {
	f.Add("id: 1\ndata: a\n\nid: 2\r\n\r\nid\n\nid:3\n\n")
	f.Fuzz(func(t *testing.T, content string) {
		if strings.HasPrefix(content, "\ufeff") {
			return // only means something at the start of a stream
		}
		ids := Scan([]byte(content)).IDs
		var p Parser
		for _, piece := range strings.Split(content+"\n\n", "") {
			last := p.LastID
			if err := p.Feed([]byte(piece), func(Event) {}); err != nil {
				t.Fatal(err)
			}
			if p.LastID == last || p.LastID == "" {
				continue
			}
			i := slices.Index(ids, p.LastID)
			if i < 0 {
				t.Fatalf("%q: a client sees %q, which is not in %q", content, p.LastID, ids)
			}
			ids = ids[i+1:]
		}
	})
}

func BenchmarkScan(b *testing.B) {
	for name, data := range map[string]string{"200": strings.Repeat("x", 170), "64k": strings.Repeat("x", 64<<10), "lines": strings.Repeat("x\n", 100)} {
		content := AppendEvent(nil, Event{Name: "price", ID: "12345", Data: data})
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				Scan(content)
			}
		})
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	e := Event{Name: "price", ID: "12345", Data: strings.Repeat("x", 170)}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendEvent(buf[:0], e)
	}
}

func BenchmarkParser(b *testing.B) {
	content := AppendEvent(nil, Event{Name: "price", ID: "12345", Data: strings.Repeat("x", 170)})
	var p Parser
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		p.Feed(content, func(Event) {})
	}
}
