package proxy

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestKeepAlives(t *testing.T) {
	comment := KeepAlive{Interval: 20 * time.Second, Format: KeepAliveComment}
	fixed := KeepAlive{Interval: 20 * time.Second, Format: KeepAliveData, Fixed: true}
	told := &grip.KeepAlive{Data: []byte("x"), Interval: time.Second}
	always := &grip.KeepAlive{Data: []byte("x"), Interval: time.Second, Always: true}
	for _, c := range []struct {
		name   string
		of     KeepAlive
		told   *grip.KeepAlive
		events bool
		want   hold.KeepAlive
	}{
		{"the route's, on an event stream", comment, nil, true, hold.KeepAlive{Data: []byte(":\n\n"), Interval: 20 * time.Second}},
		{"none of the route's on other streams", comment, nil, false, hold.KeepAlive{}},
		{"none, if the route has none", KeepAlive{Format: KeepAliveComment}, nil, true, hold.KeepAlive{}},
		{"the route's, fixed, as data", fixed, nil, true, hold.KeepAlive{Data: []byte("data: \n\n"), Interval: 20 * time.Second, Mode: hold.Interval}},
		{"the instruction's", comment, told, true, hold.KeepAlive{Data: []byte("x"), Interval: time.Second}},
		{"the instruction's, on any stream", comment, told, false, hold.KeepAlive{Data: []byte("x"), Interval: time.Second}},
		{"the instruction's, at every interval", comment, always, true, hold.KeepAlive{Data: []byte("x"), Interval: time.Second, Mode: hold.Interval}},
	} {
		rt := &route{Route: Route{KeepAlive: c.of}}
		if diff := cmp.Diff(c.want, rt.keepAlive(&grip.Instruction{KeepAlive: c.told}, c.events)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestWhatBecomesOfAStreamThatLags(t *testing.T) {
	for _, c := range []struct {
		setting OnLag
		events  bool
		want    hold.LagPolicy
	}{
		{LagAuto, true, hold.GapOnLag},
		{LagGap, true, hold.GapOnLag},
		{LagClose, true, hold.CloseOnLag},
		{LagAuto, false, hold.CloseOnLag},
		{LagGap, false, hold.CloseOnLag}, // it cannot be told
	} {
		rt := &route{Route: Route{OnLag: c.setting}}
		if got := rt.lagPolicy(c.events); got != c.want {
			t.Errorf("%q, event stream %v: %v", c.setting, c.events, got)
		}
	}
}

func TestWhatTheHolderIsToldOfAStream(t *testing.T) {
	x := &exchange{route: &route{Route: Route{
		Name: "route", Resume: ResumePositions, OnLag: LagClose, WriteTimeout: time.Hour, KeepAlive: KeepAlive{Interval: time.Minute},
	}}}
	seen := new(streamReader)
	seen.Write([]byte("data: half"))
	h := new(Handler)
	h.gapEvent = h.appendGap
	want := &hold.Stream{
		Form: wire.StreamIDs, EventStream: true, State: seen.state, KeepAlive: hold.KeepAlive{Data: []byte(":\n\n"), Interval: time.Minute},
		OnLag: hold.CloseOnLag, WriteTimeout: time.Hour, Route: "route",
	}
	got := h.stream(x, &grip.Instruction{}, true, seen, nil)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hold.Stream{}, "Client", "Cursor", "GapEvent")); diff != "" || got.GapEvent == nil {
		t.Errorf("an event stream: %s", diff)
	}
	x.route.OnLag = LagAuto
	want = &hold.Stream{Form: wire.Stream, WriteTimeout: time.Hour, Route: "route"}
	got = h.stream(x, &grip.Instruction{}, false, new(streamReader), nil)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hold.Stream{}, "Client", "Cursor")); diff != "" {
		t.Errorf("another stream: %s", diff)
	}
	x.route.OnLag = LagGap
	if got = h.stream(x, &grip.Instruction{}, true, new(streamReader), nil); got.OnLag != hold.GapOnLag {
		t.Error("the policy for lag is not told")
	}
}

// Streams of a closed hub: the process ends.
func TestNothingIsHeldWhenTheHubIsClosed(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) { rt.Name = "route" }))
	s.hub.Close()
	c := s.watch(t, client(t), s.url+"/events?channel=ch")
	if rest, err := c.rest(); rest != ":hi\n\n" || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
	resp, _ := get(t, client(t), s.url+"/poll?channel=ch")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("got %s", resp.Status)
	}
	s.waitCount(t, "holdfast_request_failures_total", "route", string(Draining))
	if err := s.holder.Drain(t.Context(), 0); err != nil { // nobody has a place
		t.Error(err)
	}
}

// refuser is a holder that cannot take connections over.
type refuser struct{ *hold.Goroutines }

func (h refuser) Hold(_ http.ResponseWriter, _ *http.Request, s *hold.Stream) (func(), error) {
	s.Cursor.Close()
	h.Release()
	return nil, errors.New("gone")
}

func TestAClientThatLeavesBeforeItIsHeldIsCut(t *testing.T) {
	s := newStation(t, func(o *stationOptions) {
		holding(paths(t), func(rt *Route) { rt.Name = "route" })(o)
		o.holder = func(h *hold.Goroutines) hold.Holder { return refuser{h} }
	})
	c := s.watch(t, client(t), s.url+"/events?channel=ch")
	if rest, err := c.rest(); err == nil {
		t.Errorf("%q looks complete", rest)
	}
	s.waitCount(t, "holdfast_request_failures_total", "route", string(ClientGone))
	s.waitCount(t, "holdfast_requests_total", "route", string(cut))
	if entries := s.log.Filter(func(e observer.LoggedEntry) bool { return e.Level > zap.DebugLevel }).All(); len(entries) > 0 {
		t.Errorf("a client can fill the log: %v", entries)
	}
	if err := s.holder.Drain(t.Context(), 0); err != nil { // nobody has a place
		t.Error(err)
	}
}

func TestHoldsAreCounted(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) { rt.Name = "route" }))
	for name, to := range s.ways(t) {
		c := s.watch(t, to.Client, to.url+"/events?channel=ch")
		c.want(t, ":hi\n\n")
		s.send("ch", "data: held\n\n")
		c.want(t, "data: held\n\n")
		c.leave()
		s.waitStreams(t, "ch", 0)
		protocol := "1.1"
		switch name[:6] {
		case "HTTP/2":
			protocol = "2"
		case "HTTP/3":
			protocol = "3"
		}
		s.waitCount(t, "holdfast_requests_total", "route", protocol, string(held))
	}
	if n := s.count(t, "holdfast_request_failures_total"); n != 0 {
		t.Errorf("%v failures counted", n)
	}
}
