package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestLinksLeadToTheRoutesOrigins(t *testing.T) {
	rt := &route{Route: routeTo("http://one.test:8000", "https://two.test")}
	req := httptest.NewRequest(http.MethodGet, "http://one.test:8000/dir/page?q=1", nil)
	req.Host = "api.example.com"
	for _, c := range []struct{ ref, path, query, origin, err string }{
		{ref: "/n?a=1", path: "/n", query: "a=1"},
		{ref: "n", path: "/dir/n"},
		{ref: "../n", path: "/n"},
		{ref: "../../../n", path: "/n"},
		{ref: "?a=2", path: "/dir/page", query: "a=2"},
		{ref: "/a%2fb", path: "/a%2fb"},
		{ref: "http://API.example.com/n", path: "/n"},
		{ref: "https://api.example.com/n", path: "/n"},
		{ref: "//api.example.com", path: "/"},
		{ref: "http://one.test:8000/n", path: "/n", origin: "http://one.test:8000"},
		{ref: "https://Two.test:443/n?x", path: "/n", query: "x", origin: "https://two.test"},
		{ref: "http://two.test/n", err: `"http://two.test" is not an origin of the route`},
		{ref: "http://one.test/n", err: "is not an origin of the route"},
		{ref: "http://api.example.com:8080/n", err: "is not an origin of the route"},
		{ref: "//169.254.169.254/latest", err: "is not an origin of the route"},
		{ref: "http://user:secret@api.example.com/n", err: "is not an http or https URL without user"},
		{ref: "ftp://api.example.com/n", err: "is not an http or https URL"},
		{ref: "javascript:alert(1)", err: "is not an http or https URL"},
		{ref: "http://%zz/", err: "invalid URL escape"},
	} {
		found, err := rt.links(&grip.Instruction{Links: []grip.Link{{URI: c.ref, Rel: "next"}}}, req, nil)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), "rel=next") || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v", c.ref, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.ref, err)
		default:
			l, origin := found.next, ""
			if l.origin != nil {
				origin = l.origin.String()
			}
			if l.path != c.path || l.query != c.query || origin != c.origin {
				t.Errorf("%s: %s ? %s at %q", c.ref, l.path, l.query, origin)
			}
		}
	}
}

// Links carry what the origin needs to know its clients by.
func TestTheErrorsOfLinksDoNotShowWhatTheyCarry(t *testing.T) {
	rt := &route{Route: routeTo("http://one.test")}
	req := httptest.NewRequest(http.MethodGet, "http://one.test/", nil)
	for _, ref := range []string{
		"http://user:secret@one.test/?token=secret", "http://two.test/secret?token=secret", "http://%zz/secret?token=secret", "ftp://one.test/secret",
	} {
		_, err := rt.links(&grip.Instruction{Links: []grip.Link{{URI: ref, Rel: "gone"}}}, req, nil)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestARelativeLinkStaysAtTheOriginOfTheOneBefore(t *testing.T) {
	rt := &route{Route: routeTo("http://one.test", "http://two.test")}
	req := httptest.NewRequest(http.MethodGet, "http://two.test/1", nil)
	in := &grip.Instruction{Links: []grip.Link{{URI: "2", Rel: "next"}}}
	found, err := rt.links(in, req, rt.Origins[1])
	if err != nil || found.next.origin != rt.Origins[1] || found.next.path != "/2" {
		t.Errorf("%+v, %v", found.next, err)
	}
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// linkedTo returns a stream of b's with a next link, whose origin answers by f.
func (b *bench) linkedTo(f roundTrip) *linked {
	rt := b.handler.routes.all[0]
	rt.forward.Transport.(*originSet).transport = f
	x := &exchange{route: rt, held: &http.Response{Request: httptest.NewRequest(http.MethodGet, "http://o.test/", nil)}}
	next := &link{path: "/next", timeout: 0}
	in := &grip.Instruction{Channels: []grip.Channel{{Name: "ch", PrevID: "1"}}}
	s := x.newLinked(b.handler, &keeping{in: in, next: next})
	s.form = wire.Stream
	return s
}

func TestALinkThatFailsIsAskedAfterOneTwoFourEightAndSixteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		var asked []time.Time
		s := b.linkedTo(func(*http.Request) (*http.Response, error) {
			asked = append(asked, time.Now())
			return nil, errors.New("refused")
		})
		start := time.Now()
		s.recover(hold.Need{Trigger: hold.OnHint})
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(asked) != 6 {
			t.Fatalf("asked %d times", len(asked))
		}
		if first := asked[0].Sub(start); first > 200*time.Millisecond {
			t.Errorf("asked first after %v", first)
		}
		for i, want := range []time.Duration{1, 2, 4, 8, 16} {
			want *= time.Second
			if got := asked[i+1].Sub(asked[i]); got < want || got > want+1200*time.Millisecond {
				t.Errorf("wait %d was %v, want %v", i+1, got, want)
			}
		}
		if s.asks {
			t.Error("the stream still waits")
		}
		s.ended()
	})
}

func TestAStreamThatAsksInVainWaitsLongerEachTimeAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		var asked []time.Time
		s := b.linkedTo(func(*http.Request) (*http.Response, error) {
			asked = append(asked, time.Now())
			return nil, errors.New("refused")
		})
		defer s.ended()
		for tries, want := range []time.Duration{0, 62500 * time.Microsecond, 250 * time.Millisecond, time.Second, 4 * time.Second, 16 * time.Second, 64 * time.Second} {
			asked = nil
			start := time.Now()
			s.recover(hold.Need{Trigger: "missing", Tries: tries})
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if first := asked[0].Sub(start); first < want || first > want+200*time.Millisecond {
				t.Errorf("after %d tries: asked after %v, want %v", tries, first, want)
			}
		}
		asked = nil
		s.recover(hold.Need{Trigger: "missing", Tries: recoveryTries + 1})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if asked != nil || s.asks {
			t.Errorf("asked %d times, asks: %v", len(asked), s.asks)
		}
	})
}

// An origin with nothing to tell yet is not asked in a loop.
func TestThePageBehindAnEmptyOneIsAskedForASecondLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		bodies := []string{"", "1", ""}
		b.asking(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Grip-Link": {"</next>; rel=next"}}
			body := bodies[0]
			if bodies = bodies[1:]; len(bodies) == 0 {
				h = http.Header{}
			}
			return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		start := time.Now()
		h := http.Header{"Grip-Link": {"</next>; rel=next"}}
		rec := b.follow(&http.Response{Header: h, Body: io.NopCloser(strings.NewReader("0"))})
		if took := time.Since(start); took != time.Second || rec.Body.String() != "01" {
			t.Errorf("%q after %v", rec.Body, took)
		}
	})
}

// stuckBody is a body that nobody ends but who asked for it.
type stuckBody struct{ ctx context.Context }

func (b stuckBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (stuckBody) Close() error { return nil }

func TestAFailureWhoseBodyDoesNotEndIsWaitedForForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		var asked []time.Time
		s := b.linkedTo(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, time.Now())
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: stuckBody{r.Context()}}, nil
		})
		s.recover(hold.Need{Trigger: hold.OnHint})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(asked) < 2 {
			t.Errorf("asked %d times", len(asked))
		}
		s.ended()
	})
}

// foggyHub has no history, which takes it as long as it may.
type foggyHub struct{ Hub }

func (foggyHub) Await(ctx context.Context, _ ...string) (func(), error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Ten thousand streams may share an answer.
func TestAHistoryThatCannotBeHadIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		b.handler.holding.Hub = foggyHub{b.hub}
		answer := func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Grip-Hold": {"stream"}, "Grip-Channel": {"ch; prev-id=2"}}
			return &http.Response{StatusCode: http.StatusOK, Header: h, Body: http.NoBody, Request: r}, nil
		}
		streams := []*linked{b.linkedTo(answer), b.linkedTo(answer), b.linkedTo(answer)}
		start := time.Now()
		b.handler.routes.all[0].recovery.ask(t.Context(), streams)
		if took := time.Since(start); took != historyPatience {
			t.Errorf("took %v", took)
		}
		for i, s := range streams {
			if s.fails != 1 {
				t.Errorf("stream %d failed %d times", i, s.fails)
			}
			s.ended()
		}
	})
}

func TestAnIDThatNoHeaderCanCarryIsOneThatTheOriginIsNotTold(t *testing.T) {
	rt := &route{Route: routeTo("http://one.test")}
	rt.ChannelPrefix = "p-"
	subs := []channels.Subscription{{Channel: "p-a"}, {Channel: "p-b"}, {Channel: "p-c"}, {Channel: "p-d"}}
	seen := []hold.Seen{{Channel: "p-a", ID: "1"}, {Channel: "p-b", ID: "1\x01"}, {Channel: "p-c"}}
	rt.continued(subs, seen)
	want := []channels.Subscription{
		{Channel: "p-a", Held: true}, {Channel: "p-b", Held: true, Continues: true},
		{Channel: "p-c", Held: true, Continues: true}, {Channel: "p-d"},
	}
	if !slices.Equal(subs, want) {
		t.Errorf("got %+v", subs)
	}
	if told := rt.lastOf(seen); !slices.Equal(told, []string{"a; last-id=1"}) {
		t.Errorf("told %q", told)
	}
}

func TestAPositionBehindAnAnswerIsTheStreamsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.handler.Close()
		s := b.linkedTo(nil)
		defer s.ended()
		s.events, s.route.Resume = true, ResumePositions
		p := &page{body: []byte("data: x\n\n")}
		behind := func() []byte {
			cursor, err := b.hub.Follow(t.Context(), channels.Follow{Live: b.hub.Head().Seq, Group: b.holder.Group()})
			if err != nil {
				t.Fatal(err)
			}
			defer cursor.Close()
			out := s.recovery.positioned(s, p, new(hold.Need), cursor)
			if want := "id: " + cursor.Position().String() + "\n\n"; !strings.HasPrefix(string(out), "data: x\n\n") || !strings.HasSuffix(string(out), want) {
				t.Errorf("got %q, want %q at the end", out, want)
			}
			return out
		}
		first, second := behind(), behind()
		if &first[0] != &second[0] {
			t.Error("streams at the same place do not share the bytes")
		}
		b.respond(t, "ch", "one")
		behind()
	})
}
