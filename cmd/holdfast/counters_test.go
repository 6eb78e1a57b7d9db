package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCountersTellWhatHappened plays a script and then compares every counter
// that it can have moved.
func TestCountersTellWhatHappened(t *testing.T) {
	t.Parallel()
	up, down := startOrigin(t, holding()), unusedURL
	s := startServer(t, `
routes:
  - {name: api, origins: ["`+up+`"], keep_alive: {interval: 0s}}
  - {name: down, path_prefix: /down, origins: ["`+down+`"]}
channels: {replay: {messages: 3}, send_window: {messages: 3, bytes: 1KiB}}
`)
	script(t, s)
	want := counted(strings.TrimPrefix(up, "http://"), strings.TrimPrefix(down, "http://"))
	var got map[string]float64
	eventually(t, "the streams have ended", func() bool {
		got = s.metrics()
		return got[`holdfast_streams{protocol="http/1.1",route="api"}`]+got[`holdfast_streams{protocol="http/2",route="api"}`] == 0
	})
	for name, value := range got {
		if _, expected := want[name]; !expected && (value == 0 || !moves(name)) {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// moves reports whether a metric is one that the script determines.
func moves(name string) bool {
	return strings.HasPrefix(name, "holdfast_") && strings.Contains(name, "_total") &&
		!strings.Contains(name, "_control_requests") && !strings.Contains(name, "_bytes")
}

func script(t *testing.T, s *server) {
	client := newClient(t)
	url := s.URL + "/stream?channel=a"

	// Delivered live, until a close action.
	one := follow(t, client, url, "")
	s.publish(message("a", "id-1", "1"), message("a", "", "2"))
	s.publish(message("a", "id-1", "1"))
	one.wantData("1", "2")
	if status, _ := s.ask(http.MethodDelete, "/channels/a"); status != http.StatusOK {
		t.Fatal(status)
	}
	one.wantEnd()

	// Resumed, replayed, left.
	two := follow(t, client, url, "id-1")
	two.wantData("2")
	two.leave()

	// A gap, as the id is not known; on HTTP/2.
	h2 := clientOf(t, &http.Transport{Protocols: onlyH2C()})
	three := follow(t, h2, url, "nobody-knows-this")
	if b := three.next(); b.event != "gap" {
		t.Fatalf("got %+v, want a gap", b)
	}
	three.leave()

	// A stream that is no event stream; other formats.
	raw := subscribe(t, client, s.URL+"/raw?channel=b", "")
	s.publish(`{"channel":"b","formats":{"http-stream":{"content":"x\n"},"http-response":{"body":"y"},"ws-message":{"content":"z"}}}`)
	s.publish(`{"channel":"b","formats":{"http-stream":{"action":"hint"}}}`, `{"channel":"b","formats":{"http-stream":{"action":"close"}}}`)
	if text, err := raw.body.ReadString(0); text != "open\nx\n" {
		t.Fatalf("got %q, %v", text, err)
	}

	// Parked, then appended by its predecessor.
	s.publish(message("c", "c-1", "1"))
	s.publish(`{"channel":"c","id":"c-3","prev-id":"c-2","formats":{"sse":{"data":"3"}}}`)
	s.publish(`{"channel":"c","id":"c-2","prev-id":"c-1","formats":{"sse":{"data":"2"}}}`)

	// A long poll that times out and one that is answered.
	if _, body := get(t, client, s, "", "/poll?channel=d&timeout=1"); body != "none" {
		t.Fatalf("got %q", body)
	}
	answered := asking(t, client, s, "/poll?channel=d")
	eventually(t, "the poll waits", func() bool {
		_, info := s.ask(http.MethodGet, "/channels/d")
		return strings.Contains(info, `"subscribers":1`)
	})
	s.publish(`{"channel":"d","formats":{"http-response":{"body":"now"}}}`)
	if body := <-answered; body != "now" {
		t.Fatalf("got %q", body)
	}

	// Not held at all.
	get(t, client, s, "", "/nothing-here")
	get(t, client, s, "", "/down", "Accept", "text/event-stream")
	get(t, client, s, "", "/down", "Accept", "*/*")
}

func onlyH2C() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// counted is what the script does with origins at these addresses, in counters.
func counted(up, down string) map[string]float64 {
	return map[string]float64{
		`holdfast_requests_total{outcome="held",protocol="1.1",route="api"}`:     5,
		`holdfast_requests_total{outcome="held",protocol="2",route="api"}`:       1,
		`holdfast_requests_total{outcome="relayed",protocol="1.1",route="api"}`:  1,
		`holdfast_requests_total{outcome="retry",protocol="1.1",route="down"}`:   1,
		`holdfast_requests_total{outcome="refused",protocol="1.1",route="down"}`: 1,

		`holdfast_origin_requests_total{origin="` + up + `",result="answered",route="api"}`:              7,
		`holdfast_origin_requests_total{origin="` + down + `",result="origin_unreachable",route="down"}`: 2,
		`holdfast_request_failures_total{reason="origin_unreachable",route="down"}`:                      2,

		`holdfast_published_total{format="sse",result="appended"}`:           4,
		`holdfast_published_total{format="sse",result="duplicate"}`:          1,
		`holdfast_published_total{format="sse",result="parked"}`:             1,
		`holdfast_published_total{format="http-stream",result="appended"}`:   3,
		`holdfast_published_total{format="http-response",result="appended"}`: 2,
		`holdfast_published_total{format="ws-message",result="appended"}`:    1,
		`holdfast_items_duplicate_total`:                                     1,
		`holdfast_items_parked_total`:                                        1,
		`holdfast_entries_appended_total`:                                    10, // with the close action of DELETE

		`holdfast_streams_opened_total{protocol="http/1.1",route="api"}`:                       3,
		`holdfast_streams_opened_total{protocol="http/2",route="api"}`:                         1,
		`holdfast_streams_ended_total{protocol="http/1.1",reason="action_close",route="api"}`:  2,
		`holdfast_streams_ended_total{protocol="http/1.1",reason="client_closed",route="api"}`: 1,
		`holdfast_streams_ended_total{protocol="http/2",reason="client_closed",route="api"}`:   1,
		`holdfast_delivered_entries_total{route="api"}`:                                        4,
		`holdfast_stream_hints_total{route="api"}`:                                             1,

		`holdfast_resumes_total`:                                   1,
		`holdfast_entries_replayed_total`:                          2, // with the close action, which is passed over
		`holdfast_stream_gaps_total{reason="unknown",route="api"}`: 1,

		`holdfast_polls_total{result="answered",route="api"}`: 1,
		`holdfast_polls_total{result="timeout",route="api"}`:  1,
	}
}

// TestCountersAreThereFromTheStart: of one that appears with its first count, nobody sees
// that it has risen. Those of what is not set up, and of what others ask for, are not.
func TestCountersAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "limits: {origin_requests: 9, new_streams: 9, connections_per_address: 99}\nroutes: [{name: api, origins: ['"+unusedURL+"']}]\n")
	there := map[string]bool{}
	for sample := range s.metrics() {
		name, _, _ := strings.Cut(sample, "{")
		there[name] = true
	}
	later := regexp.MustCompile(`^holdfast_(nats|nodes|bus|zmq|acme|certificate|token_key)_|^holdfast_(control_requests|streams_ended)_total$`)
	for _, name := range regexp.MustCompile("holdfast_[a-z_]+_total").FindAllString(string(manual), -1) {
		if !there[name] && !later.MatchString(name) {
			t.Errorf("there is no %s", name)
		}
	}
	for _, reason := range []string{"evicted", "unknown", "epoch", "missing", "lag", "bus", "origin"} {
		if _, ok := s.metrics()[`holdfast_stream_gaps_total{reason="`+reason+`",route="api"}`]; !ok {
			t.Errorf("gaps by %s are not there", reason)
		}
	}
}
