package hold

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// script is a hub, and feeds that follow channel a.
type script struct {
	hub   *channels.Hub
	feeds *Feeds
}

func newScript(t *testing.T) *script {
	s := &script{hub: channels.NewHub(channels.DefaultOptions()), feeds: NewFeeds(Options{})}
	t.Cleanup(s.hub.Close)
	return s
}

// follow returns the feed of a stream that begins here.
func (s *script) follow(t *testing.T, stream Stream) *Feed {
	c, err := s.hub.Follow(context.Background(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: "a"}},
		Form:          stream.Form,
		Live:          s.hub.Head().Seq,
		Group:         newGroup(),
		Chained:       stream.Link != nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	stream.Cursor = c
	f := s.feeds.New(&stream, Chunked)
	f.Open()
	return &f
}

// say publishes content with an id of ours where streams want one.
func (s *script) say(t *testing.T, content string) {
	t.Helper()
	it := entryOf([]byte(content))
	it.Encode = func(p channels.Position) channels.Encoded {
		scan := sse.Scan([]byte(content))
		e := channels.Encoded{Buf: wire.AppendChunk(nil, []byte(content)), Tag: uint32(scan.Effect)}
		e.Forms[wire.Stream] = channels.Span{Len: uint32(len(e.Buf))}
		e.Buf = wire.AppendChunk(e.Buf, []byte("id: "+p.String()+"\n"+content))
		from := e.Forms[wire.Stream].Len
		e.Forms[wire.StreamIDs] = channels.Span{Off: from, Len: uint32(len(e.Buf)) - from}
		return e
	}
	if _, err := s.hub.Publish(t.Context(), it); err != nil {
		t.Fatal(err)
	}
}

func (s *script) act(t *testing.T, a channels.Action) {
	t.Helper()
	it := entryOf(nil)
	it.Encode = func(channels.Position) channels.Encoded { return channels.Encoded{} }
	it.Actions = [channels.NumForms]channels.Action{a, a}
	if _, err := s.hub.Publish(t.Context(), it); err != nil {
		t.Fatal(err)
	}
}

// taker takes what a feed says, as much at once as take allows, and returns
// all of it when the feed is at the head or has ended.
func taker(f *Feed, b *Batch, take func(n int) int) (string, Reason) {
	var got bytes.Buffer
	for {
		step, why := f.Fill(b, Due{})
		p := b.Bytes()
		n := take(len(p))
		got.Write(p[:n])
		rest := f.Sent(b, n, time.Now())
		got.Write(rest)
		if step == AtHead || step == Finish {
			return got.String(), why
		}
	}
}

func all(n int) int { return n }

// However little is taken at a time, what arrives is the same.
func TestWhatIsBrokenOffAnywhereArrivesWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		s := newScript(t)
		stream := Stream{EventStream: true, Form: channels.Form(round % 2)}
		whole, broken := s.follow(t, stream), s.follow(t, stream)
		for range 1 + r.IntN(20) {
			switch r.IntN(6) {
			case 0:
				s.act(t, channels.Hint)
			case 1:
				s.say(t, "data: half\n")
			default:
				s.say(t, "data: "+strings.Repeat("x", r.IntN(40))+"\n\n")
			}
		}
		if r.IntN(2) == 0 {
			s.act(t, channels.Close)
			s.say(t, "data: too late\n\n")
		}
		want, why := taker(whole, NewBatch(100, 10_000), all)
		b := NewBatch(1+r.IntN(10), 1+r.IntN(200))
		got, whyToo := taker(broken, b, func(n int) int { return r.IntN(n + 1) })
		if got != want || why != whyToo || whole.state != broken.state {
			t.Fatalf("round %d: got %q (%q, state %d), want %q (%q, state %d)",
				round, got, whyToo, broken.state, want, why, whole.state)
		}
	}
}

// What one feed left in the batch is used by the next only where it fits.
func TestNeighboursShareALayout(t *testing.T) {
	s := newScript(t)
	events := Stream{EventStream: true}
	first, second, unlike := s.follow(t, events), s.follow(t, events), s.follow(t, Stream{})
	inside := s.follow(t, Stream{EventStream: true, Form: wire.StreamIDs, State: sse.Scan([]byte("data: ")).Effect.From(0)})
	boundary := s.follow(t, Stream{EventStream: true, Form: wire.StreamIDs})
	for i := range 3 {
		s.say(t, fmt.Sprintf("data: %d\n\n", i))
	}
	late := s.follow(t, events)
	s.say(t, "data: 3\n\n")
	b := NewBatch(100, 10_000)
	laid := func(f *Feed) (string, *byte) {
		if step, _ := f.Fill(b, Due{}); step != Write {
			t.Fatalf("step %d, want %d", step, Write)
		}
		f.Sent(b, len(b.Bytes()), time.Now())
		return string(b.Bytes()), &b.Bytes()[0]
	}
	want, at := laid(first)
	b.out[0] = '#' // shows that it is not laid out again
	if got, atToo := laid(second); at != atToo || got[0] != '#' {
		t.Error("the same was laid out again for a neighbour")
	}
	if second.state != first.state {
		t.Error("a neighbour ends in another state")
	}
	for name, f := range map[string]*Feed{"one of other terms": unlike, "one at another place": late} {
		if got, _ := laid(f); got[0] == '#' {
			t.Errorf("%s got another's layout", name)
		}
		b.out[0] = '#'
	}
	plain, _ := laid(inside)
	stamped, _ := laid(boundary)
	if strings.HasPrefix(plain, "f\r\nid:") || !strings.Contains(stamped, "id:") || plain == stamped || want == stamped {
		t.Errorf("inside an event %q, at its boundary %q", plain, stamped)
	}
}

// TestWhyALinkedStreamAsksIsCountedOnce: what comes before is taken a little at a time,
// so that the cause is read again and again.
func TestWhyALinkedStreamAsksIsCountedOnce(t *testing.T) {
	for _, trigger := range []Trigger{OnHint, Trigger(channels.Missing)} {
		s := newScript(t)
		asked := 0
		link := NewLink([]Seen{{Channel: "a"}}, func(n Need) {
			if asked++; n.Trigger != trigger {
				t.Errorf("asked for %s, want %s", n.Trigger, trigger)
			}
		})
		f := s.follow(t, Stream{EventStream: true, Route: string(trigger), Link: link})
		for range 10 {
			s.say(t, "data: x\n\n")
		}
		s.tell(t, grip.Item{ID: "0", Stream: &grip.StreamFormat{Content: []byte("data: y\n\n")}})
		if trigger == OnHint {
			s.act(t, channels.Hint)
		} else {
			s.tell(t, grip.Item{ID: "2", PrevID: "1", Stream: &grip.StreamFormat{Content: []byte("data: y\n\n")}})
			s.hub.Flush() // or it would wait for the item before it
		}
		taker(f, NewBatch(100, 10_000), func(n int) int { return min(n, 7) })
		c := f.terms.count
		hints, missing := testutil.ToFloat64(c.hints), testutil.ToFloat64(c.gaps.WithLabelValues(string(channels.Missing)))
		if asked != 1 || hints+missing != 1 || (hints == 1) != (trigger == OnHint) {
			t.Errorf("%s: asked %d times; %v hints and %v missing are counted", trigger, asked, hints, missing)
		}
	}
}

func TestNothingIsCountedTwiceWhenABatchIsBroken(t *testing.T) {
	s := newScript(t)
	f := s.follow(t, Stream{EventStream: true, Route: "count"})
	for range 10 {
		s.say(t, "data: x\n\n")
		s.act(t, channels.Hint)
	}
	got, _ := taker(f, NewBatch(100, 10_000), func(n int) int { return min(n, 7) })
	c := f.terms.count
	if n := testutil.ToFloat64(c.entries); n != 10 {
		t.Errorf("%v entries are counted, want 10", n)
	}
	if n := testutil.ToFloat64(c.bytes); n != float64(len(got)) {
		t.Errorf("%v bytes are counted, want %d", n, len(got))
	}
	if n := testutil.ToFloat64(c.hints); n != 10 {
		t.Errorf("%v hints are counted, want 10", n)
	}
}
