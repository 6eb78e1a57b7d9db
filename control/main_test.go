package control_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) {
	// After some refusals net/http lingers half a second before it closes.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// env is a handler over a hub.
type env struct {
	*control.Handler
	hub      *channels.Hub
	registry *prometheus.Registry
}

// newEnv returns a handler without tokens, changed by the edits.
func newEnv(t testing.TB, edits ...func(*control.Options)) *env {
	t.Helper()
	hub := channels.NewHub(channels.DefaultOptions())
	t.Cleanup(hub.Close)
	registry := prometheus.NewRegistry()
	registry.MustRegister(control.NewCollector(hub.Stats))
	own := live.Alone{Node: "one", Keeper: kept{}}
	o := control.Options{
		Streams: own, OwnStreams: own,
		Hub:      hub,
		Cluster:  roll.Alone{Node: "one", Hub: hub},
		Intake:   intake.New(intake.Options{Publisher: intake.ToHub(hub, wire.Options{}), Metrics: intake.NewMetrics(registry)}),
		Gatherer: registry,
		Metrics:  control.NewMetrics(registry),
		Log:      zap.NewNop(),
	}
	for _, edit := range edits {
		edit(&o)
	}
	return &env{control.New(o), hub, registry}
}

// nowhere is a group for cursors that are read by hand.
type nowhere struct{}

func (nowhere) Wake(*channels.Log) {}

// follow returns a cursor on channel that reads bytes for streams.
func (e *env) follow(t testing.TB, channel string) *channels.Cursor {
	t.Helper()
	c, err := e.hub.Follow(context.Background(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: channel}},
		Form:          wire.StreamIDs,
		Live:          e.hub.Head().Seq,
		Group:         nowhere{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// read returns what streams get of what is published since the last read.
func read(t testing.TB, c *channels.Cursor) string {
	t.Helper()
	entries, err := c.Next(nil, 10000, 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range entries {
		b.Write(wire.Data(entries[i].Bytes(wire.StreamIDs)))
		if a := entries[i].Action(wire.StreamIDs); a != channels.Send {
			b.WriteString("<action>")
		}
	}
	return b.String()
}

// request is one request and what its answer must be.
type request struct {
	method, path string
	header       http.Header
	body         string

	status int
	answer string // exactly; "*": anything
}

// do makes the request without a socket.
func (q request) do(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	r.Host = "127.0.0.1:5561"
	for name, values := range q.header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// check makes the request and compares the answer.
func (q request) check(t testing.TB, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	w := q.do(h)
	body, _ := io.ReadAll(w.Result().Body)
	if w.Code != q.status || q.answer != "*" && string(body) != q.answer {
		t.Errorf("%s %s: %d %q, want %d %q", q.method, q.path, w.Code, body, q.status, q.answer)
	}
	return w
}

// accepts is the header of a client that wants media types.
func accepts(types string) http.Header { return http.Header{"Accept": {types}} }

// post is a request to publish that must be answered so.
func post(body string, status int, answer string) request {
	return request{method: "POST", path: "/publish/", body: body, status: status, answer: answer}
}
