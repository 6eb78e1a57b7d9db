package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listed is what an operator is shown of a stream.
type listed struct {
	ID, Node, Route, Protocol, Address, User string

	Meta     map[string]string
	Channels []string
	Behind   int
}

// streams lists those that a query means.
func (s *server) streams(query string) []listed {
	s.t.Helper()
	var page struct{ Streams []listed }
	status, answer := s.ask(http.MethodGet, "/streams?"+query)
	if err := json.Unmarshal([]byte(answer), &page); err != nil || status != http.StatusOK {
		s.t.Fatalf("streams: %d %s", status, answer)
	}
	return page.Streams
}

// revoked is what a revocation has done.
type revoked struct {
	Ended, Checked int
	Missing        []string
}

// revoke carries out a revocation.
func (s *server) revoke(body string) (r revoked) {
	s.t.Helper()
	status, answer, err := s.control(http.MethodPost, "/revoke", body)
	if err == nil {
		err = json.Unmarshal([]byte(answer), &r)
	}
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("revoke %s: %d %s, %v", body, status, answer, err)
	}
	return r
}

// wantRevoked reads the farewell of a stream that is revoked, and its end.
func (s *subscriber) wantRevoked() {
	s.t.Helper()
	if b := s.next(); b.event != "end" || b.data != `{"reason":"revoked"}` || b.id != "" || b.retry == "" {
		s.t.Fatalf("got %+v, want the end because it is revoked", b)
	}
	if b, err := readBlock(s.body); err != io.EOF {
		s.t.Fatalf("got %+v and %v after the farewell", b, err)
	}
}

// wantStatus asks for a stream and wants the answer to have a status.
func wantStatus(t testing.TB, client *http.Client, url string, status int) *subscriber {
	t.Helper()
	s := subscribe(t, client, url, "")
	if s.response.StatusCode != status {
		t.Fatalf("%s: %s, want %d", url, s.response.Status, status)
	}
	return s
}

const (
	ofAlice = "/stream?channel=news&channel=alice&meta=user%3Dalice&meta=tier%3Dfree"
	ofBob   = "/stream?channel=news&meta=user%3Dbob"
)

func TestAnOperatorSeesWhoIsHeld(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\ntrusted_proxies: ['127.0.0.1/32']\n")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+ofAlice, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "192.0.2.7, 198.51.100.9")
	response, err := newClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	eventually(t, "she is held, before him", func() bool { return len(s.streams("")) == 1 })
	follow(t, newClient(t), s.URL+ofBob, "")
	eventually(t, "both are held", func() bool { return len(s.streams("")) == 2 })
	all := s.streams("")
	for i := range all {
		slices.Sort(all[i].Channels)
		if len(all[i].ID) != 16 || all[i].Node == "" || all[i].Behind != 0 {
			t.Errorf("%+v", all[i])
		}
		all[i].ID, all[i].Node = "", ""
	}
	want := []listed{
		{Route: "/", Protocol: "http/1.1", Address: "198.51.100.9", User: "alice", Channels: []string{"alice", "news"},
			Meta: map[string]string{"user": "alice", "tier": "free"}},
		{Route: "/", Protocol: "http/1.1", Address: "127.0.0.1", User: "bob", Channels: []string{"news"}, Meta: map[string]string{"user": "bob"}},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	for query, n := range map[string]int{
		"user=alice": 1, "user=carol": 0, "channel=news": 2, "channel=alice": 1, "meta.tier=free": 1, "route=%2F": 2, "route=x": 0, "limit=1": 1,
		"scope=node": 2, "channel=news&user=bob": 1, "channel=news&limit=1": 1,
	} {
		if got := s.streams(query); len(got) != n {
			t.Errorf("%s: %+v", query, got)
		}
	}
}

// TestAnOperatorSeesHowFarAStreamIsBehind: its client reads nothing.
func TestAnOperatorSeesHowFarAStreamIsBehind(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\n")
	follow(t, newClient(t), s.URL+ofAlice, "")
	item := message("alice", "", strings.Repeat("x", 64<<10))
	eventually(t, "it is behind", func() bool {
		s.publish(item)
		all := s.streams("") // empty at first: the head of an answer comes a moment before it is held
		return len(all) == 1 && all[0].Behind > 0
	})
}

func TestAStreamThatAnOperatorEndsComesBack(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\n")
	alice, bob := follow(t, newClient(t), s.URL+ofAlice, ""), follow(t, newClient(t), s.URL+ofBob, "")
	position := s.publish(message("news", "", "one"))[0]
	alice.wantData("one")
	id := s.streams("user=alice")[0].ID
	if status, answer := s.ask(http.MethodDelete, "/streams/"+id); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	if b := alice.next(); b.retry == "" || b.data != "" {
		t.Errorf("got %+v, want when to come back", b)
	}
	alice.wantEnd()
	if alice.lastID != position {
		t.Errorf("it would come back with %q, want %q", alice.lastID, position)
	}
	s.publish(message("news", "", "two"))
	follow(t, newClient(t), s.URL+ofAlice, alice.lastID).wantData("two")
	bob.wantData("one", "two")
	eventually(t, "its connection is gone, and it cannot be ended once more", func() bool {
		status, _ := s.ask(http.MethodDelete, "/streams/"+id)
		return status == http.StatusNotFound
	})
}

// TestWhoIsRevokedIsEndedAndStaysAway, in every protocol and with both kinds of holder,
// whatever the revocation names; and nobody else is.
func TestWhoIsRevokedIsEndedAndStaysAway(t *testing.T) {
	t.Parallel()
	origin, cert := startOrigin(t, holding()), newCertificate(t)
	for _, engine := range []string{"auto", "goroutines"} {
		file := "routes: [{name: other, path_prefix: /raw, origins: ['" + origin + "']}, {name: main, origins: ['" + origin + "']}]\n" +
			"hold: {engine: " + engine + "}\n" + cert.yaml()
		for _, d := range dialects(t, cert.pem) {
			t.Run(engine+", "+d.name, func(t *testing.T) {
				t.Parallel()
				s := startServer(t, file)
				rules := []string{`"channel":"alice"`, `"user":"alice"`, `"meta":{"tier":"free"}`, `"route":"main","user":"alice"`}
				if d.name != "HTTP/1.1" {
					rules = rules[:1]
				}
				for _, rule := range rules {
					revokeAlice(t, s, d, rule)
				}
				raw := subscribe(t, d.client, d.url(s)+"/raw?channel=news", "")
				eventually(t, "it is held", func() bool { return len(s.streams("route=other")) == 1 })
				if r := s.revoke(`{"route":"other","for":"0s"}`); r.Ended != 1 {
					t.Errorf("%+v", r)
				}
				if body, err := io.ReadAll(raw.body); string(body) != "open\n" || err != nil {
					t.Errorf("a stream that is no event stream: %q, %v", body, err)
				}
				wantStatus(t, d.client, d.url(s)+"/raw?channel=news", 200)
			})
		}
	}
}

// revokeAlice revokes alice's streams by what rule says, for a second.
func revokeAlice(t *testing.T, s *server, d dialect, rule string) {
	t.Helper()
	alice, bob := follow(t, d.client, d.url(s)+ofAlice, ""), follow(t, d.client, d.url(s)+ofBob, "")
	eventually(t, "both are held", func() bool { return len(s.streams("")) == 2 })
	s.publish(message("news", "", "before"))
	alice.wantData("before")
	if r := s.revoke(`{` + rule + `,"for":"1s"}`); r.Ended != 1 || r.Checked != 0 {
		t.Errorf("%s: %+v", rule, r)
	}
	s.publish(message("news", "", "after"))
	bob.wantData("before", "after")
	alice.wantRevoked()
	wantStatus(t, d.client, d.url(s)+ofAlice, http.StatusNoContent)
	eventually(t, "it is over", func() bool {
		again := subscribe(t, d.client, d.url(s)+ofAlice, "")
		defer again.leave()
		return again.response.StatusCode == http.StatusOK
	})
	bob.leave()
	eventually(t, "all have left", func() bool { return len(s.streams("")) == 0 })
}

// TestNothingThatIsPublishedAfterARevocationIsSent: there is somebody who publishes all
// the time.
func TestNothingThatIsPublishedAfterARevocationIsSent(t *testing.T) {
	t.Parallel()
	origin, cert := startOrigin(t, holding()), newCertificate(t)
	for _, engine := range []string{"auto", "goroutines"} {
		for _, d := range dialects(t, cert.pem) {
			t.Run(engine+", "+d.name, func(t *testing.T) {
				t.Parallel()
				s := startServer(t, "origin: "+origin+"\nhold: {engine: "+engine+"}\n"+cert.yaml())
				var begun atomic.Int64
				stop, stopped := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(stopped)
					for {
						select {
						case <-stop:
							return
						default:
							s.tryPublish(message("alice", "", fmt.Sprint(begun.Add(1))))
						}
					}
				}()
				for range 10 {
					alice := follow(t, d.client, d.url(s)+ofAlice, "")
					alice.next()
					s.revoke(`{"user":"alice","for":"0s"}`)
					before := begun.Load()
					if last := lastNumber(alice); last > before {
						t.Errorf("got %d, which was published after %d", last, before)
					}
				}
				close(stop)
				<-stopped
			})
		}
	}
}

// lastNumber reads numbers until the farewell.
func lastNumber(s *subscriber) (last int64) {
	for {
		b := s.next()
		if b.event == "end" {
			return last
		}
		fmt.Sscan(b.data, &last)
	}
}

// TestNobodySlipsThroughARevocation: clients connect all the time, and come back until
// they are turned away. If a stream went on, its client would wait for ever.
func TestNobodySlipsThroughARevocation(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{`"user":"alice"`, `"channel":"alice"`} {
		for _, path := range []string{ofAlice, "/poll?channel=alice&meta=user%3Dalice&timeout=120"} {
			s := startServer(t, "origin: "+startOrigin(t, holding())+"\n")
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					client := newClient(t)
					for turnedAway := false; !turnedAway; {
						alice := subscribe(t, client, s.URL+path, "")
						turnedAway = alice.response.StatusCode != http.StatusOK
						if _, err := io.ReadAll(alice.body); err != nil {
							t.Errorf("cut: %v", err)
						}
					}
				})
			}
			eventually(t, "some are held", func() bool { return len(s.streams("user=alice")) > 0 })
			for range 20 {
				s.revoke(`{` + rule + `,"for":"0s"}`)
			}
			s.revoke(`{` + rule + `}`)
			clients.Wait()
			eventually(t, "all connections are closed", func() bool { return len(s.streams("")) == 0 })
			if n := s.metrics()["holdfast_barred_rules"]; n != 1 {
				t.Errorf("%v rules", n)
			}
		}
	}
}

// TestAPollThatIsRevokedGetsNoResponse.
func TestAPollThatIsRevokedGetsNoResponse(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\n")
	answer := make(chan string, 1)
	go func() {
		r, err := newClient(t).Get(s.URL + "/poll?channel=alice&meta=user%3Dalice&timeout=120")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		answer <- fmt.Sprint(r.StatusCode, " ", string(body))
	}()
	eventually(t, "it is held", func() bool { return len(s.streams("channel=alice")) == 1 })
	if r := s.revoke(`{"channel":"alice"}`); r.Ended != 1 {
		t.Errorf("%+v", r)
	}
	s.publish(`{"channel":"alice","formats":{"http-response":{"body":"secret"}}}`)
	if got, want := <-answer, "403 You may not open this stream any more.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := s.metrics()[`holdfast_polls_total{result="revoked",route="/"}`]; n != 1 {
		t.Errorf("%v are counted", n)
	}
}

// TestARecheckAsksThoseWhoCanBeAskedAndEndsTheOthers.
func TestARecheckAsksThoseWhoCanBeAskedAndEndsTheOthers(t *testing.T) {
	t.Parallel()
	origin := http.NewServeMux()
	origin.Handle("/", holding())
	origin.HandleFunc("/expires", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Expires", "3600")
		r.URL.Path = "/stream"
		holding().ServeHTTP(w, r)
	})
	s := startServer(t, "routes: [{origins: ['"+startOrigin(t, origin)+"'], reauthorize: {before: 2s, patience: 1s}}]\n")
	asked := follow(t, newClient(t), s.URL+strings.Replace(ofAlice, "/stream", "/expires", 1), "")
	ended, bob := follow(t, newClient(t), s.URL+ofAlice, ""), follow(t, newClient(t), s.URL+ofBob, "")
	eventually(t, "all are held", func() bool { return len(s.streams("")) == 3 })
	if r := s.revoke(`{"user":"alice","action":"recheck"}`); r.Ended != 1 || r.Checked != 1 {
		t.Errorf("%+v", r)
	}
	if b := ended.next(); b.retry == "" || b.event != "" {
		t.Errorf("got %+v, want when to come back", b)
	}
	ended.wantEnd()
	if b := asked.next(); b.event != "challenge" {
		t.Errorf("got %+v, want a challenge", b)
	}
	if b := asked.next(); b.event != "end" || b.data != `{"reason":"expired"}` {
		t.Errorf("got %+v, want the end as nobody answers", b)
	}
	wantStatus(t, newClient(t), s.URL+ofAlice, http.StatusOK)
	s.publish(message("news", "", "on"))
	bob.wantData("on")
	for _, want := range []string{`holdfast_revocations_total{action="recheck"}`, `holdfast_challenges_total{route="/"}`} {
		if n := s.metrics()[want]; n != 1 {
			t.Errorf("%s is %v", want, n)
		}
	}
}

// TestATokenIsRevoked: by its id, who came with it ends and does not come back with it,
// nor does he renew his stream with it; another token of the same user is as good as
// before.
func TestATokenIsRevoked(t *testing.T) {
	t.Parallel()
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]", challengeAtOnce))
	issuer := newIssuer(t, tokenSecret)
	stolen := withToken(s, issuer.issue(claimsFor("news")))
	other := withToken(s, issuer.issue(with(claimsFor("news"), map[string]any{"jti": "token-2"})))
	one, two := subscribe(t, newClient(t), stolen, ""), subscribe(t, newClient(t), other, "")
	one.wantChallenge()
	asked := two.wantChallenge()
	if all := s.streams("token_id=token-1"); len(all) != 1 || all[0].User != "alice" {
		t.Errorf("with the token: %+v", all)
	}
	if done := s.revoke(`{"token_id":"token-1"}`); done.Ended != 1 {
		t.Errorf("%+v", done)
	}
	one.wantRevoked()
	wantStatus(t, newClient(t), stolen, http.StatusNoContent)
	if status, body := asked.answer(t, newClient(t), stolen); status != http.StatusForbidden {
		t.Errorf("renewed with the revoked token: %d %q", status, body)
	}
	s.publish(message("news", "", "still here"))
	two.wantData("still here")
	if status, body := asked.answer(t, newClient(t), other); status != http.StatusOK {
		t.Errorf("renewed with the other token: %d %q", status, body)
	}
	wantStatus(t, newClient(t), other, http.StatusOK)
}
