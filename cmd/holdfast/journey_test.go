package main

import (
	"fmt"
	"net/http"
	"testing"
)

// TestEveryProtocolHoldsDeliversAndResumes is the main job in all ways that
// clients can speak: hold, publish, deliver, leave, come back, miss nothing.
func TestEveryProtocolHoldsDeliversAndResumes(t *testing.T) {
	cert := newCertificate(t)
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\n"+cert.yaml())
	for i, d := range dialects(t, cert.pem) {
		t.Run(d.name, func(t *testing.T) {
			s := *s
			s.t = t
			channel := fmt.Sprintf("user-%d", i)
			url := d.url(&s) + "/stream?channel=news&channel=" + channel
			first := follow(t, d.client, url, "")
			if got := first.response.Proto; got != d.protocol {
				t.Errorf("answered in %s", got)
			}
			for name, want := range map[string]string{
				"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no", "Grip-Hold": "",
			} {
				if got := first.response.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			s.publish(message(channel, "", "one"), message("news", "", "two"))
			s.publish(message("others", "", "not for us"), message(channel, "", "three"))
			first.wantData("one", "two", "three")
			first.leave()

			s.publish(message(channel, "", "four"), message("news", "", "five"))
			second := follow(t, d.client, url, first.lastID)
			s.publish(message(channel, "", "six"))
			second.wantData("four", "five", "six")

			if status, _ := s.ask(http.MethodDelete, "/channels/"+channel); status != http.StatusOK {
				t.Errorf("closing the channel: %d", status)
			}
			second.wantEnd()
		})
	}
}
