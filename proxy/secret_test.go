package proxy

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/barred"
	"github.com/holdfast-proxy/holdfast/internal/lease"
)

// pausing starts a station whose origin lets clients in as the gatekeeper does, but
// answers those whose credentials come from a challenge only when told to. It says when
// it was asked.
func pausing(t *testing.T) (s *station, asked, goOn chan struct{}) {
	t.Helper()
	asked, goOn = make(chan struct{}), make(chan struct{})
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("wait") {
			asked <- struct{}{}
			<-goOn
		}
		gatekeeper(w, r)
	})
	return newStation(t, holding(origin.URL, func(rt *Route) {
		rt.Name = "guarded"
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	})), asked, goOn
}

// answerLater answers a challenge and tells the status when there is one.
func (s *station) answerLater(t *testing.T, url string, ch challenge, credentials string) <-chan int {
	status := make(chan int, 1)
	go func() {
		code, _ := s.answer(t, url, ch, credentials)
		status <- code
	}()
	return status
}

// What is asked twice at the same time is granted once: a second word of the judge may
// be older than the first.
func TestASecretIsGoodOnceAlsoIfTwoComeTogether(t *testing.T) {
	s, asked, goOn := pausing(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	one := s.answerLater(t, hourly+"&wait", ch, "alice/a")
	two := s.answerLater(t, hourly+"&wait", ch, "alice/a")
	<-asked
	<-asked
	goOn <- struct{}{}
	goOn <- struct{}{}
	if a, b := <-one, <-two; a+b != http.StatusOK+http.StatusNotFound {
		t.Errorf("answered %d and %d", a, b)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":3600}\n\n")
	c.challenge(t)
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
}

// Who is to be asked again is not let off by what the judge said before that.
func TestARecheckIsNotUndoneByAnOlderAnswer(t *testing.T) {
	s, asked, goOn := pausing(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	status := s.answerLater(t, "/events?wait", ch, "alice/a")
	<-asked
	if n := s.handler.Recheck(&barred.Rule{User: "alice"}); n != 1 {
		t.Fatalf("%d are asked", n)
	}
	goOn <- struct{}{}
	if got := <-status; got != http.StatusNotFound {
		t.Errorf("answered %d", got)
	}
	again := c.challenge(t)
	if status, _ := s.answer(t, hourly, again, "alice/a"); status != http.StatusOK {
		t.Errorf("then answered %d", status)
	}
}

// What is renewed is an event stream: an answer begins nothing else, and no stream that
// a limit on new ones would have kept out.
func TestAnAnswerAsksForNoOtherProtocol(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/events", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	if out := asSetUp(r); asksSocket(out) || out.Header.Get("Connection") != "" {
		t.Errorf("asks for it: %v", out.Header)
	}
}

// What a stream may have is for the route to say as it is now, not as it was when the
// stream began.
func TestAStreamIsRenewedByTheRouteAsItIsNow(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	rt := routeTo("http://origin.test")
	rt.Name, rt.ChannelPrefix, rt.Subscribe = "guarded", "now-", []string{"all"}
	now, err := New(Options{Routes: []Route{rt}, Holding: s.handler.holding, Head: s.hub.Head, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	digest := lease.Digest(ch.Headers[challengeField])
	word := Renewal{Digest: digest, Route: "guarded", Terms: []byte(`{"channels":[{"Name":"a"}],"meta":{"user":"alice"}}`)}
	if what := now.Renew(t.Context(), word); what != string(renewed) {
		t.Fatalf("%q", what)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":null}\n\n")
	s.waitStreams(t, "all", 1)
	s.send("a", "data: not this\n\n")
	s.send("now-a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
}

// The ids that are built for a stream go on telling of every channel when it is renewed.
func TestARenewedStreamHasSeenWhatItHadSeen(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Grip-Channel"] = []string{"a; filter=build-id", "b; filter=build-id"}
		w.Header().Set("Grip-Set-Meta", "id_format=%(a)s/%(b)s")
		w.Header().Set("Grip-Expires", "3600")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Content-Type", "text/event-stream")
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) {
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	}))
	tell := func(channel, id string) {
		if _, err := s.publish(`{"channel":"` + channel + `","id":"` + id + `","formats":{"http-stream":{"content":"id: %I\ndata: x\n\n","content-filters":["build-id"]}}}`); err != nil {
			t.Error(err)
		}
	}
	c := s.watch(t, http.DefaultClient, s.url+"/events")
	ch := c.challenge(t)
	tell("a", "a1")
	c.want(t, "id: a1/\ndata: x\n\n")
	if status, body := s.answer(t, "/events", ch, ""); status != http.StatusOK {
		t.Fatalf("answered %d %q", status, body)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":3600}\n\n")
	c.challenge(t)
	tell("b", "b1")
	c.want(t, "id: a1/b1\ndata: x\n\n")
}
