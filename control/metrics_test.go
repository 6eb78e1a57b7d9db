package control_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// metric returns the lines of /metrics that start with prefix.
func metric(t *testing.T, e *env, prefix string) string {
	t.Helper()
	w := request{method: "GET", path: "/metrics", status: 200, answer: "*"}.check(t, e)
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestRequestsAreCountedByEndpointAndCode(t *testing.T) {
	e := newEnv(t)
	send(t, e, "one", "x")
	send(t, e, "two", "x")
	post("{", 400, "*").check(t, e)
	request{method: "POST", path: "/recover/", status: 200, answer: "*"}.check(t, e)
	request{method: "GET", path: "/secret/path", status: 404, answer: "*"}.check(t, e)
	request{method: "HEAD", path: "/healthz", status: 200, answer: "*"}.check(t, e)
	want := `holdfast_control_requests_total{code="200",endpoint="/channels/{name}"} 2
holdfast_control_requests_total{code="200",endpoint="/healthz"} 1
holdfast_control_requests_total{code="200",endpoint="/recover"} 1
holdfast_control_requests_total{code="400",endpoint="/publish"} 1
holdfast_control_requests_total{code="404",endpoint="unknown"} 1
`
	if got := metric(t, e, "holdfast_control_requests_total"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestItemsAreCountedByFormatAndResult(t *testing.T) {
	e := newEnv(t)
	send(t, e, "c", "x")
	request{method: "POST", path: "/channels/c?id=1", body: "x", status: 200, answer: "Published\n"}.check(t, e)
	post(batch(
		`{"channel":"c","id":"2","formats":{"http-stream":{"content":"x"},"http-response":{"body":"x"}}}`,
		`{"channel":"c","id":"2","formats":{"http-stream":{"content":"x"}}}`,
		`{"channel":"c","id":"4","prev-id":"3","formats":{"sse":{"data":"x"}}}`,
		`{"channel":"c","formats":{"ws-message":{"content":"x"},"xmpp":{}}}`,
	), 200, "Published\n").check(t, e)
	got := metric(t, e, "holdfast_published_total")
	for _, want := range []string{
		`{format="sse",result="appended"} 2`,
		`{format="http-stream",result="appended"} 1`,
		`{format="http-response",result="appended"} 1`,
		`{format="http-stream",result="duplicate"} 1`,
		`{format="sse",result="parked"} 1`,
		`{format="ws-message",result="appended"} 1`,
		`{format="unknown",result="appended"} 1`,
		`{format="http-response",result="parked"} 0`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestHubIsCollected(t *testing.T) {
	e := newEnv(t)
	e.follow(t, "a")
	send(t, e, "a", "x")
	send(t, e, "b", "x")
	for name, want := range map[string]string{
		"holdfast_channels":                               "2",
		"holdfast_channels_idle":                          "1",
		"holdfast_entries":                                "2",
		"holdfast_entries_appended_total":                 "2",
		`holdfast_entries_evicted_total{reason="memory"}`: "0",
	} {
		if got := metric(t, e, name+" "); got != name+" "+want+"\n" {
			t.Errorf("%q, want %s", got, want)
		}
	}
	if got := metric(t, e, "holdfast_log_memory_bytes "); strings.HasSuffix(got, " 0\n") || got == "" {
		t.Errorf("%q", got)
	}
}

func TestMetricsAreWellFormed(t *testing.T) {
	e := newEnv(t)
	send(t, e, "a", "x")
	problems, err := testutil.GatherAndLint(e.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if got := metric(t, e, "a"); got != "" {
		t.Errorf("a channel is a label: %s", got)
	}
}
