package proxy

import (
	"net/http"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/barred"
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
