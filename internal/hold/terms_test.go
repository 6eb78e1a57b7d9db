package hold

import (
	"strconv"
	"testing"
	"time"
)

func TestTermsAreShared(t *testing.T) {
	fs := NewFeeds(Options{})
	s := &Stream{Route: "a", KeepAlive: KeepAlive{Data: []byte(":\n\n"), Interval: time.Second}}
	first := fs.terms(s, Chunked)
	if fs.terms(&Stream{Route: "a", KeepAlive: KeepAlive{Data: []byte(":\n\n"), Interval: time.Second}}, Chunked) != first {
		t.Error("the same terms were made twice")
	}
	for name, change := range map[string]func(*Stream){
		"route":               func(s *Stream) { s.Route = "b" },
		"form":                func(s *Stream) { s.Form = 1 },
		"content type":        func(s *Stream) { s.EventStream = true },
		"lag policy":          func(s *Stream) { s.OnLag = GapOnLag },
		"write timeout":       func(s *Stream) { s.WriteTimeout = time.Second },
		"keep-alive data":     func(s *Stream) { s.KeepAlive.Data = []byte("\n") },
		"keep-alive interval": func(s *Stream) { s.KeepAlive.Interval = time.Minute },
		"keep-alive mode":     func(s *Stream) { s.KeepAlive.Mode = Interval },
	} {
		other := *s
		change(&other)
		if fs.terms(&other, Chunked) == first {
			t.Errorf("another %s has the same terms", name)
		}
	}
	if fs.terms(s, UntilClose) == first {
		t.Error("another framing has the same terms")
	}
	if n := testing.AllocsPerRun(100, func() { fs.terms(s, Chunked) }); n != 0 {
		t.Errorf("%v allocations to find known terms, want none", n)
	}
}

func TestTermsAreBounded(t *testing.T) {
	fs := NewFeeds(Options{})
	for i := range 10 * maxTerms {
		fs.terms(&Stream{KeepAlive: KeepAlive{Data: []byte(strconv.Itoa(i)), Interval: time.Second}}, Chunked)
	}
	if len(fs.known) > maxTerms {
		t.Errorf("%d are kept, want %d at most", len(fs.known), maxTerms)
	}
}

func TestNothingToSendIsNoKeepAlive(t *testing.T) {
	fs := NewFeeds(Options{})
	for _, k := range []KeepAlive{{Interval: time.Second}, {Data: []byte("\n")}} {
		f := fs.New(&Stream{KeepAlive: k}, Chunked)
		if f.OwnKeepAlive() || f.KeepAliveAfter() != 0 {
			t.Errorf("%+v is a keep-alive", k)
		}
	}
}
