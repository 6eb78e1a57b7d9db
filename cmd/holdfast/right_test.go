package main

import (
	"net/http"
	"strings"
	"testing"

	broker "github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// TestReadinessNamesTheRightThatIsMissing, with NATS that keeps nothing and with
// JetStream.
func TestReadinessNamesTheRightThatIsMissing(t *testing.T) {
	tests := []struct{ name, page, verb, subject, more string }{
		{"core NATS", "nats.md", "publish", "holdfast.channels.>", ""},
		{"core NATS, listening", "nats.md", "subscribe", "holdfast.publish", ""},
		{"JetStream", "cluster.md", "subscribe", "_holdfast.live.>", ", jetstream: true"},
		{"JetStream, listening", "cluster.md", "subscribe", "holdfast.publish", ", jetstream: true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			users := natstest.Without(natstest.ManualUsers(t, "../../docs/"+tt.page), tt.verb, tt.subject)
			running := natstest.Start(t, func(o *broker.Options) {
				o.Users, o.JetStream, o.StoreDir = users, tt.more != "", t.TempDir()
			})
			s := startLogging(t, "origin: "+startOrigin(t, holding())+
				"\nnats: {url: '"+running.URL+"', user: holdfast, password: '...'"+tt.more+"}\n", zap.NewNop())
			want := "nats: not allowed to " + tt.verb + " to " + tt.subject + ";"
			eventually(t, want, func() bool {
				status, answer := s.ask(http.MethodGet, "/readyz")
				return status == http.StatusServiceUnavailable && strings.Contains(strings.ReplaceAll(answer, `\u003e`, ">"), want)
			})
		})
	}
}
