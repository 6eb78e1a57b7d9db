package bench

import (
	"net/http"
	"strings"
	"testing"
)

func TestEachIdleChannelGetsOneItem(t *testing.T) {
	server := startPosts(t, func(http.ResponseWriter) {})
	r := &run{name: "RUN", report: new(Report), cfg: Config{
		ControlURL: server.URL, Dialect: GRIP, Channel: "bench", Payload: 10, IdleChannels: 250,
	}}
	if err := r.idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(server.bodies, "")
	if len(server.bodies) != 3 || strings.Count(all, `"channel":`) != 250 || r.report.Idle.Channels != 250 {
		t.Errorf("%d requests, %d items, %+v", len(server.bodies), strings.Count(all, `"channel":`), r.report.Idle)
	}
	for _, channel := range []string{`"idle-0"`, `"idle-99"`, `"idle-100"`, `"idle-249"`} {
		if strings.Count(all, channel) != 1 {
			t.Errorf("%d items for %s", strings.Count(all, channel), channel)
		}
	}
}
