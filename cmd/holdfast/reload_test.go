package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
)

// prefixed is an element of routes that takes a prefix away.
func prefixed(prefix, origin, more string) string {
	return fmt.Sprintf("  - {path_prefix: /%s, rewrite_prefix: /, origins: [%q]%s}\n", prefix, origin, more)
}

func TestWhatIsHeldGoesOnThroughReloads(t *testing.T) {
	cert := newCertificate(t)
	origin := startOrigin(t, named("origin"))
	s := startReloadable(t, "routes:\n"+prefixed("old", origin, "")+cert.yaml())
	var streams []*subscriber
	for _, d := range dialects(t, cert.pem) {
		streams = append(streams, follow(t, d.client, d.url(s.server)+"/old/stream?channel=c", ""))
	}
	s.holds(len(streams))
	poll := asking(t, newClient(t), s.server, "/old/poll?channel=polled")
	eventually(t, "the poll waits", func() bool {
		_, info := s.ask(http.MethodGet, "/channels/polled")
		return strings.Contains(info, `"subscribers":1`)
	})
	s.publish(message("c", "", "before"))
	for i := range 3 {
		said := s.mustReload("routes:\n" + prefixed(fmt.Sprint("new", i), origin, "") + cert.yaml())
		if diff := cmp.Diff([]string{"routes"}, said.Changed); diff != "" {
			t.Error(diff)
		}
		s.publish(message("c", "", fmt.Sprint("after ", i)))
	}
	s.publish(`{"channel":"polled","formats":{"http-response":{"body":"published"}}}`)
	for _, one := range streams {
		one.wantData("before", "after 0", "after 1", "after 2")
	}
	if got := <-poll; got != "published" {
		t.Errorf("the poll got %q", got)
	}
	client := newClient(t)
	follow(t, client, s.URL+"/new2/stream?channel=c", "")
	for _, gone := range []string{"/old/", "/new0/"} {
		if response, _ := get(t, client, s.server, "", gone); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", gone, response.Status)
		}
	}
	if !s.counts("/old") {
		t.Error("the streams of a route that is gone are not counted")
	}
	for _, one := range streams {
		one.leave()
	}
	eventually(t, "the metrics forget the route that is gone", func() bool { return !s.counts("/old") })
}

// counts reports whether a route is in the metrics.
func (r *reloadable) counts(route string) bool {
	for name := range r.metrics() {
		if strings.Contains(name, `route="`+route+`"`) {
			return true
		}
	}
	return false
}

func TestANewKeySigns(t *testing.T) {
	origin := startOrigin(t, named("origin"))
	s := startReloadable(t, "origin: "+origin+"\ngrip: {sig_key: one, sig_iss: first}\n")
	client := newClient(t)
	signature := func() string {
		_, body := get(t, client, s.server, "", "/")
		var got request
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		return got.Header.Get("Grip-Sig")
	}
	before := signature()
	s.mustReload("origin: " + origin + "\ngrip: {sig_key: two, sig_iss: second}\n")
	if after := signature(); after == before || after == "" {
		t.Errorf("signed %q, then %q", before, after)
	}
	s.mustReload("origin: " + origin)
	if after := signature(); after != "" {
		t.Errorf("signed %q without a key", after)
	}
}

func TestABadFileIsRefusedWithAllItsErrors(t *testing.T) {
	good := "origin: " + startOrigin(t, holding()) + "\n"
	s := startReloadable(t, good)
	client := newClient(t)
	stream := follow(t, client, s.URL+"/stream?channel=c", "")
	status, said := s.reload("origin: nowhere\nchanels: {}\nlimits: {queue: -1}\n")
	if status != http.StatusUnprocessableEntity || len(said.Problems) != 3 {
		t.Errorf("%d %+v", status, said)
	}
	for _, want := range []string{"origin:", "chanels:", "limits.queue:"} {
		if !strings.Contains(strings.Join(said.Problems, "\n"), want) {
			t.Errorf("%q does not say %q", said.Problems, want)
		}
	}
	if status, said := s.reload("origin: [\n"); status != http.StatusUnprocessableEntity {
		t.Errorf("no YAML: %d %+v", status, said)
	}
	if status, _ := s.ask(http.MethodGet, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d", status)
	}
	s.publish(message("c", "", "still"))
	stream.wantData("still")
	follow(t, client, s.URL+"/stream?channel=c", "")
	if got := s.metrics()[`holdfast_reloads_total{result="refused"}`]; got != 2 {
		t.Errorf("%v are counted as refused", got)
	}
	if said := s.mustReload(good); len(said.Changed) > 0 {
		t.Errorf("repaired, it says that %v have changed", said.Changed)
	}
}

func TestWhatNeedsARestartIsNamedAndTheRestHolds(t *testing.T) {
	origin := startOrigin(t, named("origin"))
	s := startReloadable(t, "origin: "+origin)
	said := s.mustReload("routes:\n" + prefixed("new", origin, "") + "listen: ['127.0.0.1:1']\nchannels: {idle: 7}\nlog: {format: json, level: debug}\n")
	want := reloaded{Changed: []string{"origin", "routes", "log.level"}, Restart: []string{"listen", "channels.idle", "log.format"}}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if response, _ := get(t, newClient(t), s.server, "", "/new/"); response.StatusCode != http.StatusOK {
		t.Errorf("the new route: %s", response.Status)
	}
	if s.level.Level() != zap.DebugLevel {
		t.Errorf("it logs from %v on", s.level.Level())
	}
	_, answer := s.ask(http.MethodPost, "/reload")
	if !strings.Contains(answer, `"restart":["listen","channels.idle","log.format"]`) {
		t.Errorf("asked again, it says %s", answer)
	}
}

// TestWhatDoesNotGoWithWhatStaysIsRefused: the address that others can reach stays
// until a restart, so the tokens may not go.
func TestWhatDoesNotGoWithWhatStaysIsRefused(t *testing.T) {
	s := startReloadable(t, "origin: http://127.0.0.1:1\ncontrol: {listen: ['0.0.0.0:0'], tokens: [secret]}\n")
	s.token = "secret"
	status, said := s.reload("origin: http://127.0.0.1:1\ncontrol: {listen: ['127.0.0.1:0']}\n")
	problems := strings.Join(said.Problems, "\n")
	if status != http.StatusUnprocessableEntity || !strings.Contains(problems, "control.listen stays as it was") || !strings.Contains(problems, "need no token") {
		t.Errorf("%d %q", status, said.Problems)
	}
	s.token = ""
	if status, _ := s.ask(http.MethodGet, "/channels"); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d", status)
	}
}

func TestLimitsChange(t *testing.T) {
	origin := "origin: " + startOrigin(t, holding()) + "\n"
	s := startReloadable(t, origin)
	client := newClient(t)
	follow(t, client, s.URL+"/stream?channel=c", "")
	s.mustReload(origin + "max_streams: 1\n")
	if b := subscribe(t, client, s.URL+"/stream?channel=c", "").next(); b.retry == "" {
		t.Errorf("one too many got %+v", b)
	}
	s.mustReload(origin)
	follow(t, client, s.URL+"/stream?channel=c", "")
}

func TestARouteThatWantsPositionsGetsThem(t *testing.T) {
	origin := startOrigin(t, holding())
	s := startReloadable(t, "routes:\n"+prefixed("a", origin, ""))
	client := newClient(t)
	plain := follow(t, client, s.URL+"/a/stream?channel=c", "")
	s.mustReload("routes:\n" + prefixed("a", origin, ", resume: positions"))
	placed := follow(t, client, s.URL+"/a/stream?channel=c", "")
	item := `{"channel":"c","formats":{"http-stream":{"content":"data: x\n\n"}}}`
	s.publish(item)
	if b := plain.next(); b.data != "x" || b.id != "" {
		t.Errorf("the stream of before got %+v", b)
	}
	for b := placed.next(); b.data != "x" || b.id == ""; b = placed.next() {
		if b.event != "position" {
			t.Fatalf("got %+v", b)
		}
	}
	s.mustReload("routes:\n" + prefixed("a", origin, ""))
	s.publish(item)
	if b := placed.next(); b.id == "" {
		t.Errorf("a stream with positions got %+v when its route had none any more", b)
	}
}

// TestAHeldStreamAsksItsOriginAfterItsRouteIsGone, signed with the key of now.
func TestAHeldStreamAsksItsOriginAfterItsRouteIsGone(t *testing.T) {
	signed := make(chan string, 10)
	origin := startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", "c")
		h.Set("Grip-Link", `</next>; rel=next, </gone>; rel=gone`)
		signed <- r.URL.Path + " " + r.Header.Get("Grip-Sig")
		if r.URL.Path != "/gone" {
			fmt.Fprintf(w, "data: %s\n\n", r.URL.Path)
		}
	}))
	routes := func(prefix string) string { return "routes:\n" + prefixed(prefix, origin, "") }
	s := startReloadable(t, routes("old")+"grip: {sig_key: one}\n")
	stream := subscribe(t, newClient(t), s.URL+"/old/first", "")
	stream.wantData("/first")
	_, before, _ := strings.Cut(<-signed, " ")
	s.mustReload(routes("new") + "grip: {sig_key: two, sig_iss: other}\nrecovery: {per_second: 7}\n")
	if status, _ := s.ask(http.MethodPost, "/recover"); status != http.StatusOK {
		t.Fatal(status)
	}
	stream.wantData("/next")
	s.publish(message("c", "", "live"))
	stream.wantData("live")
	stream.leave()
	for _, path := range []string{"/next", "/gone"} {
		got, signature, _ := strings.Cut(<-signed, " ")
		if got != path || signature == before || signature == "" {
			t.Errorf("asked for %s signed %q, want %s with another signature than %q", got, signature, path, before)
		}
	}
	eventually(t, "the route is forgotten", func() bool { return !s.counts("/old") })
}
