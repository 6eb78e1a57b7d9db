package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// gatekeeper is an origin that lets clients in by their credentials: a word that
// names the user, and behind a slash the channels, separated by commas.
func gatekeeper(w http.ResponseWriter, r *http.Request) {
	user, names, ok := strings.Cut(r.Header.Get("Authorization"), "/")
	switch {
	case user == "nobody":
		http.Error(w, "not you", http.StatusUnauthorized)
		return
	case user == "forbidden":
		http.Error(w, "not any more", http.StatusForbidden)
		return
	case !ok:
		io.WriteString(w, "hello")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Grip-Hold", "stream")
	for name := range strings.SplitSeq(names, ",") {
		h.Add("Grip-Channel", name)
	}
	h.Set("Grip-Set-Meta", "user="+user)
	if expires := r.URL.Query().Get("expires"); expires != "" {
		h.Set("Grip-Expires", expires)
	}
	io.WriteString(w, "event: hello\ndata: {}\n\n")
}

// guarded starts a station in front of a gatekeeper, which challenges at once.
func guarded(t *testing.T, edit ...func(*Route)) *station {
	t.Helper()
	s := newStation(t, holding(newOrigin(t, gatekeeper).URL, append([]func(*Route){func(rt *Route) {
		rt.Name = "guarded"
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	}}, edit...)...))
	return s
}

// challenged opens a stream and reads its challenge.
func (s *station) challenged(t *testing.T, url, credentials string) (*stream, challenge) {
	t.Helper()
	c := s.watch(t, http.DefaultClient, s.url+url, "Authorization", credentials)
	c.want(t, "event: hello\ndata: {}\n\n")
	return c, c.challenge(t)
}

// challenge is the data of a challenge event.
type challenge struct {
	Method    string            `json:"method"`
	Headers   map[string]string `json:"headers"`
	ExpiresIn int               `json:"expires_in"`
}

// challenge reads the next event, which must be a challenge.
func (c *stream) challenge(t *testing.T) (ch challenge) {
	t.Helper()
	c.want(t, "event: challenge\ndata: ")
	var line []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(line), "\n\n"); line = append(line, b[0]) {
		if _, err := io.ReadFull(c.Body, b); err != nil {
			t.Fatalf("after %q: %v", line, err)
		}
	}
	if err := json.Unmarshal(line, &ch); err != nil {
		t.Fatalf("challenge %q: %v", line, err)
	}
	return ch
}

// answer answers a challenge with credentials, over a connection of its own.
func (s *station) answer(t *testing.T, url string, ch challenge, credentials string) (status int, body string) {
	t.Helper()
	tr := new(http.Transport)
	defer tr.CloseIdleConnections()
	req, err := http.NewRequest(ch.Method, s.url+url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range ch.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Authorization", credentials)
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

const hourly = "/events?expires=3600"

func TestAChallengeLooksAsClientsOfZillaKnowIt(t *testing.T) {
	s := guarded(t)
	_, ch := s.challenged(t, hourly, "alice/a")
	if ch.Method != "POST" || ch.Headers["content-type"] != "application/x-challenge-response" || len(ch.Headers) != 2 {
		t.Errorf("got %+v", ch)
	}
	if len(ch.Headers[challengeField]) < 26 {
		t.Errorf("secret %q can be guessed", ch.Headers[challengeField])
	}
	if ch.ExpiresIn < 3590 || ch.ExpiresIn > 3600 {
		t.Errorf("expires in %d s", ch.ExpiresIn)
	}
}

func TestAStreamWhoseChallengeIsAnsweredStays(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	status, body := s.answer(t, hourly, ch, "alice/a")
	if status != http.StatusOK || body != "{\"status\":\"accepted\",\"expires_in\":3600}\n" {
		t.Errorf("answered %d %q", status, body)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":3600}\n\n")
	if again := c.challenge(t); again.Headers[challengeField] == ch.Headers[challengeField] {
		t.Error("challenged anew with the old secret")
	}
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
}

func TestCredentialsWithoutAnExpiryLetAStreamStayForEver(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	if status, body := s.answer(t, "/events", ch, "alice/a"); status != http.StatusOK || body != "{\"status\":\"accepted\",\"expires_in\":null}\n" {
		t.Errorf("answered %d %q", status, body)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":null}\n\n")
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
	if status, _ := s.answer(t, "/events", ch, "alice/a"); status != http.StatusNotFound {
		t.Errorf("a used challenge is answered %d", status)
	}
}

func TestNewCredentialsMayChangeTheChannels(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a,b")
	if status, body := s.answer(t, "/events", ch, "alice/b,c"); status != http.StatusOK {
		t.Fatalf("answered %d %q", status, body)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":null}\n\n")
	s.waitStreams(t, "a", 0)
	s.waitStreams(t, "c", 1)
	s.send("a", "data: not this\n\n")
	s.send("b", "data: 1\n\n")
	s.send("c", "data: 2\n\n")
	c.want(t, "data: 1\n\ndata: 2\n\n")
}

func TestAnAnswerThatIsRefusedChangesNothing(t *testing.T) {
	tests := map[string]struct {
		credentials string
		status      int
		says        string
	}{
		"unauthorized by the origin":                  {"nobody", http.StatusUnauthorized, "not you\n"},
		"forbidden by the origin":                     {"forbidden", http.StatusForbidden, "not any more\n"},
		"an answer that holds nothing":                {"alice", http.StatusForbidden, "These credentials do not let the stream stay.\n"},
		"another user":                                {"bob/a", http.StatusForbidden, "These credentials do not let the stream stay.\n"},
		"an instruction that cannot be followed":      {"alice/a; filter=no-such", http.StatusBadGateway, "Error while proxying to origin.\n"},
		"more channels than a stream may have at all": {"alice/" + channelNames(101), http.StatusBadGateway, "Error while proxying to origin.\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := guarded(t)
			c, ch := s.challenged(t, hourly, "alice/a")
			if status, body := s.answer(t, hourly, ch, test.credentials); status != test.status || body != test.says {
				t.Errorf("answered %d %q, want %d %q", status, body, test.status, test.says)
			}
			s.send("a", "data: 1\n\n")
			c.want(t, "data: 1\n\n")
			if status, body := s.answer(t, "/events", ch, "alice/a"); status != http.StatusOK {
				t.Errorf("then answered %d %q", status, body)
			}
			c.want(t, "event: reauthorized\n")
		})
	}
}

func TestAnAnswerNeedsTheSecret(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, hourly, "alice/a")
	ch.Headers[challengeField] = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	if status, _ := s.answer(t, hourly, ch, "alice/b"); status != http.StatusNotFound {
		t.Errorf("a guess is answered %d", status)
	}
	delete(ch.Headers, challengeField)
	if _, body := s.answer(t, hourly, ch, "alice"); body != "hello" {
		t.Errorf("what is no answer to a challenge does not reach the origin: %q", body)
	}
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
}

func TestAStreamThatIsNotRenewedEndsWithAReason(t *testing.T) {
	s := guarded(t)
	c, ch := s.challenged(t, "/events?expires=1", "alice/a")
	c.want(t, "event: end\ndata: {\"reason\":\"expired\"}\nretry: ")
	if rest, err := c.rest(); len(rest) != len("1234\n\n") || err != nil {
		t.Errorf("then %q (%v)", rest, err)
	}
	s.waitStreams(t, "a", 0)
	if status, _ := s.answer(t, "/events", ch, "alice/a"); status != http.StatusNotFound {
		t.Errorf("a late answer gets %d", status)
	}
	if n := s.handler.holding.Leases.Len(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}

func TestAStreamThatEndsLeavesNoLease(t *testing.T) {
	s := guarded(t)
	c, _ := s.challenged(t, hourly, "alice/a")
	c.leave()
	for deadline := time.Now().Add(patience); s.handler.holding.Leases.Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the lease of a stream that has ended is left")
		}
	}
}

func TestAStreamOfARouteWithoutChallengesJustEnds(t *testing.T) {
	s := guarded(t, func(rt *Route) { rt.Reauthorize = Reauthorize{} })
	c := s.watch(t, http.DefaultClient, s.url+"/events?expires=1", "Authorization", "alice/a")
	c.want(t, "event: hello\ndata: {}\n\nevent: end\ndata: {\"reason\":\"expired\"}\nretry: ")
}

func TestTheChallengeEventCanHaveAnotherName(t *testing.T) {
	s := guarded(t, func(rt *Route) { rt.Reauthorize.Event = "who-is-it" })
	c := s.watch(t, http.DefaultClient, s.url+hourly, "Authorization", "alice/a")
	c.want(t, "event: hello\ndata: {}\n\nevent: who-is-it\ndata: {")
}

// Moving from channels to channels while much is published loses nothing and repeats
// nothing.
func TestRenewingUnderLoadLosesNothing(t *testing.T) {
	const events, answers = 300, 20
	s := guarded(t)
	c := s.watch(t, http.DefaultClient, s.url+hourly, "Authorization", "alice/a,b")
	go func() {
		for i := range events {
			s.send("a", fmt.Sprintf("data: %d\n\n", i))
			time.Sleep(time.Millisecond)
		}
	}()
	var got []string
	lines := bufio.NewScanner(c.Body)
	for answered, name := 0, ""; (len(got) < events || answered < answers) && lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			name = value
		case field == "data" && name == "challenge":
			var ch challenge
			if err := json.Unmarshal([]byte(value), &ch); err != nil {
				t.Fatal(err)
			}
			if answered++; answered > answers {
				break
			}
			if status, body := s.answer(t, hourly, ch, fmt.Sprintf("alice/a,b%d", answered)); status != http.StatusOK {
				t.Fatalf("answered %d %q", status, body)
			}
		case field == "data" && name == "":
			got = append(got, value)
		case field == "":
			name = ""
		}
	}
	for i := range got {
		if got[i] != strconv.Itoa(i) {
			t.Fatalf("event %d is %q", i, got[i])
		}
	}
	if len(got) != events {
		t.Errorf("%d events came", len(got))
	}
}

// One secret, answered many times at once while the origin thinks: it is good for one.
func TestAChallengeIsGoodForOneAnswer(t *testing.T) {
	const answers = 8
	arrived, decide := make(chan struct{}, answers), make(chan struct{})
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("slow") {
			arrived <- struct{}{}
			<-decide
		}
		gatekeeper(w, r)
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) {
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	}))
	c, ch := s.challenged(t, hourly, "alice/a")
	statuses := make(chan int, answers)
	for range answers {
		go func() {
			status, _ := s.answer(t, hourly+"&slow", ch, "alice/a")
			statuses <- status
		}()
	}
	for range answers {
		within(t, arrived, "the origin is asked")
	}
	close(decide)
	counts := map[int]int{}
	for range answers {
		counts[within(t, statuses, "an answer is judged")]++
	}
	if counts[http.StatusOK] != 1 || counts[http.StatusNotFound] != answers-1 {
		t.Errorf("answered %v", counts)
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":3600}\n\nevent: challenge\n")
}

// Credentials that were judged before the operator asked for newer ones do not do.
func TestAnAnswerThatIsJudgedBeforeARecheckIsTooLate(t *testing.T) {
	asked, decide := make(chan struct{}), make(chan struct{})
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		gatekeeper(w, r)
		if r.URL.Query().Has("slow") {
			close(asked)
			<-decide
		}
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) {
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	}))
	_, ch := s.challenged(t, hourly, "alice/a")
	status := make(chan int)
	go func() {
		got, _ := s.answer(t, hourly+"&slow", ch, "alice/a")
		status <- got
	}()
	within(t, asked, "the origin is asked")
	if n := s.handler.Recheck(&barred.Rule{User: "alice"}); n != 1 {
		t.Fatalf("%d streams are asked again", n)
	}
	close(decide)
	if got := within(t, status, "the answer is judged"); got != http.StatusNotFound {
		t.Errorf("answered %d", got)
	}
}

// The answer may come to another node than the one that holds the stream, and is judged
// where it comes; the word of that judge is what travels.
func TestAnAnswerMayComeToAnotherNode(t *testing.T) {
	s := guarded(t)
	var told []string
	other := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL, func(rt *Route) { rt.Name = "guarded" })(o)
		o.Holding.Elsewhere = func(ctx context.Context, r Renewal) (string, error) {
			told = append(told, string(r.Terms))
			return s.handler.Renew(ctx, r), nil
		}
	})
	c, ch := s.challenged(t, hourly, "alice/a,b")
	for _, test := range []struct {
		name, url, credentials string
		status                 int
		says                   string
	}{
		{"another user", hourly, "bob/a", http.StatusForbidden, "These credentials do not let the stream stay.\n"},
		{"unauthorized by the origin", hourly, "nobody", http.StatusUnauthorized, "not you\n"},
		{"the same user", "/events", "alice/b,c", http.StatusOK, "{\"status\":\"accepted\",\"expires_in\":null}\n"},
		{"the same again", hourly, "alice/a", http.StatusNotFound, "No stream waits for this answer; open it anew.\n"},
	} {
		if status, body := other.answer(t, test.url, ch, test.credentials); status != test.status || body != test.says {
			t.Errorf("%s: answered %d %q, want %d %q", test.name, status, body, test.status, test.says)
		}
	}
	c.want(t, "event: reauthorized\ndata: {\"expires_in\":null}\n\n")
	s.waitStreams(t, "c", 1)
	s.send("a", "data: not this\n\n")
	s.send("c", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
	if all := strings.Join(told, ""); len(told) != 3 || strings.Contains(all, ch.Headers[challengeField]) || strings.Contains(all, "alice/") {
		t.Errorf("told %q", told)
	}
}

func TestAnAnswerIsAnsweredWhileOtherNodesCannotBeAsked(t *testing.T) {
	other := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL)(o)
		o.Holding.Elsewhere = func(context.Context, Renewal) (string, error) { return "", errors.New("no connection") }
	})
	ch := challenge{Method: "POST", Headers: map[string]string{"Content-Type": answerType, challengeField: "somebody's"}}
	if status, _ := other.answer(t, hourly, ch, "alice/a"); status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", status)
	}
}

// Who has as many streams as may be can still answer for them.
func TestAnAnswerIsNoNewStream(t *testing.T) {
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL, func(rt *Route) { rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour} })(o)
		o.Quotas, o.Limits.NewStreams, o.maxStreams = Quotas{PerAddress: 1, PerUser: 1, PerChannel: 1}, 1, 1
	})
	_, ch := s.challenged(t, hourly, "alice/a")
	if status, body := s.answer(t, "/events", ch, "alice/a"); status != http.StatusOK {
		t.Errorf("answered %d %q", status, body)
	}
}

// An answer begins nothing, so there need be no place for it.
func TestAStreamIsRenewedThoughItsAddressHasNoPlaceForAnother(t *testing.T) {
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL, func(rt *Route) {
			rt.Name, rt.Reauthorize = "guarded", Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
		})(o)
		o.Quotas = Quotas{PerAddress: 1, PerUser: 1, PerChannel: 1}
	})
	c, ch := s.challenged(t, hourly, "alice/a")
	if status, body := s.answer(t, hourly, ch, "alice/a,b"); status != http.StatusOK {
		t.Fatalf("answered %d %q", status, body)
	}
	c.want(t, "event: reauthorized\n")
	c.leave()
	s.waitNothingCounted(t)
}
