package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// chained are two stations, the first in front of the second, which is in front of
// an origin. The first signs with sign, the second believes what believe has.
func chained(t *testing.T, sign, believe string) (edge, inner *station) {
	t.Helper()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "ch")
		io.WriteString(w, "data: hello\n\n")
	}))
	t.Cleanup(origin.Close)
	inner = newStation(t, func(o *stationOptions) {
		holding(origin.URL)(o)
		o.Upstream = grip.NewVerifier(grip.Secret([]byte("old")), grip.Secret([]byte(believe)))
	})
	signer, err := grip.NewSigner("edge", grip.Secret([]byte(sign)))
	if err != nil {
		t.Fatal(err)
	}
	edge = newStation(t, func(o *stationOptions) {
		holding(inner.url)(o)
		o.Signer = signer
	})
	return edge, inner
}

func TestTheProxyInFrontHoldsWhatItSigned(t *testing.T) {
	edge, inner := chained(t, "k", "k")
	s := edge.watch(t, http.DefaultClient, edge.url)
	s.want(t, "data: hello\n\n")
	edge.waitStreams(t, "ch", 1)
	inner.waitStreams(t, "ch", 0)
	edge.send("ch", "data: 1\n\n")
	s.want(t, "data: 1\n\n")
}

func TestAProxyWithAnotherKeyIsAnyClient(t *testing.T) {
	edge, inner := chained(t, "forged", "k")
	s := edge.watch(t, http.DefaultClient, edge.url)
	s.want(t, "data: hello\n\n")
	inner.waitStreams(t, "ch", 1)
	edge.waitStreams(t, "ch", 0)
	inner.send("ch", "data: 1\n\n")
	s.want(t, "data: 1\n\n")
}
