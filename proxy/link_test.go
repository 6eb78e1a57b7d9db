package proxy

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
