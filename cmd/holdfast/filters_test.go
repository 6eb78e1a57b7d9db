package main

import (
	"fmt"
	"net/url"
	"testing"
)

// TestFiltersDecideWhatAStreamGets, live and in a replay, whoever holds it and
// wherever the order is.
func TestFiltersDecideWhatAStreamGets(t *testing.T) {
	for name, file := range map[string]string{
		"loops":      "",
		"goroutines": "hold: {engine: goroutines}\n",
		"a stream":   "nats: {embedded: {store_dir: '" + t.TempDir() + "'}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, "origin: "+startOrigin(t, holding())+"\n"+file)
			eventually(t, "ready", func() bool { status, _ := s.ask("GET", "/readyz"); return status == 200 })
			client := newClient(t)
			address := func(channel string) string {
				return s.URL + "/stream?" + url.Values{"meta": {"user=alice"}, "channel": {channel}}.Encode()
			}
			plainly, own := address("plain; filter=skip-self"), address("own; filter=var-subst; filter=skip-users")
			first, second := follow(t, client, plainly, ""), follow(t, client, own, "")
			say := func(channel, meta, data string) {
				t.Helper()
				s.publish(fmt.Sprintf(`{"channel":%q,"meta":%s,"formats":{"sse":{"data":%q}}}`, channel, meta, data))
			}
			say("plain", `{"sender":"alice"}`, "mine")
			say("plain", `{"sender":"bob"}`, "bob's")
			say("own", `{"skip_users":"bob,alice"}`, "not for %(user)s")
			say("own", `{}`, "for %(user)s")
			first.wantData("bob's")
			second.wantData("for alice")
			first.leave()
			second.leave()
			s.holds(0)
			say("plain", `{"sender":"alice"}`, "mine again")
			say("plain", `{}`, "anybody's")
			say("own", `{}`, "%(nobody)s")
			say("own", `{}`, "welcome, %(user)s")
			follow(t, client, plainly, first.lastID).wantData("anybody's")
			follow(t, client, own, second.lastID).wantData("welcome, alice")
			if n := s.metrics()[`holdfast_filter_failures_total{filter="var-subst",route="/"}`]; n != 1 {
				t.Errorf("%v failures counted", n)
			}
		})
	}
}
