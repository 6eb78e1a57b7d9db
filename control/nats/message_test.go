package nats_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	client "github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

func TestMessagesReachStreamsAndAreAnswered(t *testing.T) {
	tests := []struct {
		name, channel string
		message       *client.Msg
		want          []string // in what streams get
	}{
		{"data of one event", "user-42", message("holdfast.channels.user-42", "hello"), []string{"data: hello\n"}},
		{"several lines", "c", message("holdfast.channels.c", "one\ntwo"), []string{"data: one\ndata: two\n"}},
		{"no data", "c", message("holdfast.channels.c", ""), []string{"data:"}},
		{"a name and an id", "c", message("holdfast.channels.c", "x", "Holdfast-Event", "cart", "Holdfast-Id", "7"),
			[]string{"event: cart\n", "id: 7\n", "data: x\n"}},
		{"headers in lower case", "c", message("holdfast.channels.c", "x", "holdfast-event", "cart"), []string{"event: cart\n"}},
		{"an item", "c", message("holdfast.channels.c", `{"formats":{"http-stream":{"content":"raw"}}}`, "Holdfast-Format", "item"),
			[]string{"raw"}},
		{"an item that names its channel", "c", message("holdfast.channels.c", `{"channel":"c","id":"7","formats":{"sse":{"data":"x"}}}`, "Holdfast-Format", "item"),
			[]string{"id: 7\n", "data: x\n"}},
		{"a channel with a space and a wildcard", "a b.*", message("holdfast.channels.a%20b.%2A", "x"), []string{"data: x\n"}},
		{"headers of a stream that are forged", "c", message("holdfast.channels.c", "x", "Nats-Sequence", "999", "Nats-Msg-Id", "1", "Nats-Stream", "s"),
			[]string{"data: x\n"}},
		{"a body for POST /publish/", "c", message("holdfast.publish", `{"items":[{"channel":"c","formats":{"sse":{"data":"x"}}}]}`),
			[]string{"data: x\n"}},
	}
	server := natstest.Start(t)
	nc := server.Connect()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, server).ready()
			c := r.follow(tt.channel)
			status, body := request(t, nc, tt.message)
			if body = places.ReplaceAllString(body, ""); status != "200" || body != taken {
				t.Errorf("answered %s %s", status, body)
			}
			got := r.read(c)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in %q", want, got)
				}
			}
			if strings.Contains(got, "999") {
				t.Errorf("a forged sequence is believed: %q", got)
			}
		})
	}
}

func TestEveryChannelCanBeReachedThroughARealServer(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	nc := server.Connect()
	for _, tt := range mapping {
		c := r.follow(tt.channel)
		request(t, nc, message("holdfast.channels."+tt.tokens, tt.name))
		if got := r.read(c); !strings.Contains(got, "data: "+tt.name+"\n") {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

func TestBadMessagesAreAnsweredCountedAndStopNothing(t *testing.T) {
	item := func(payload string, more ...string) *client.Msg {
		return message("holdfast.channels.c", payload, append(more, "Holdfast-Format", "item")...)
	}
	tests := []struct {
		name    string
		message *client.Msg
		kind    string
		result  string
		problem string
	}{
		{"a subject that is not canonical", message("holdfast.channels.%61", "x"), "channel", "bad_subject", `which is \"a\"`},
		{"a channel with a control", message("holdfast.channels.a%00", "x"), "channel", "bad_subject", "control character"},
		{"a channel of 256 bytes", message("holdfast.channels."+strings.Repeat("x", 256), "x"), "channel", "bad_subject", "256 bytes"},
		{"a subject of 1200 bytes", message("holdfast.channels."+strings.Repeat("x", 1200), "x"), "channel", "bad_subject", "1200 bytes"},
		{"a misspelt header", message("holdfast.channels.c", "x", "Holdfast-ID2", "1"), "channel", "bad_header", "Unknown header"},
		{"a header twice", message("holdfast.channels.c", "x", "Holdfast-Id", "1", "Holdfast-Id", "2"), "channel", "bad_header", "more than once"},
		{"a header in two spellings", message("holdfast.channels.c", "x", "Holdfast-Id", "1", "holdfast-id", "1"), "channel", "bad_header", "more than once"},
		{"an unknown format", message("holdfast.channels.c", "x", "Holdfast-Format", "xml"), "channel", "bad_header", "is not known"},
		{"an item with its id in a header", item(`{}`, "Holdfast-Id", "1"), "channel", "bad_header", "stand in the item"},
		{"data that is not UTF-8", message("holdfast.channels.c", "\xff"), "channel", "bad_payload", "not valid UTF-8"},
		{"a name that is not UTF-8", message("holdfast.channels.c", "x", "Holdfast-Event", "\xff"), "channel", "bad_payload", "not valid UTF-8"},
		{"a NUL in the id", message("holdfast.channels.c", "x", "Holdfast-Id", "a\x00b"), "channel", "bad_payload", "event id"},
		{"an item that is not JSON", item("x"), "channel", "bad_payload", "not valid JSON"},
		{"an item for another channel", item(`{"channel":"d","formats":{"sse":{"data":"x"}}}`), "channel", "bad_payload", "names another"},
		{"a body that is not JSON", message("holdfast.publish", "{"), "publish", "bad_payload", "not valid JSON"},
		{"a body with a bad item", message("holdfast.publish", `{"items":[{"channel":"c","formats":{"sse":{"data":"x"}}},{}]}`), "publish", "bad_payload", "(item 1)"},
	}
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	nc := server.Connect()
	c := r.follow("c")
	counted := map[string]float64{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := request(t, nc, tt.message)
			if status != "400" || !strings.HasPrefix(body, `{"message":"`) || !strings.Contains(body, tt.problem) {
				t.Errorf("answered %s %s, want %q", status, body, tt.problem)
			}
			key := tt.result + " " + tt.kind
			counted[key]++
			if got := r.count("holdfast_nats_messages_total", tt.result, tt.kind); got != counted[key] {
				t.Errorf("%s counted %v times, want %v", key, got, counted[key])
			}
		})
	}
	if status, _ := request(t, nc, message("holdfast.channels.c", "good")); status != "200" {
		t.Errorf("after all that: %s", status)
	}
	if got := r.read(c); strings.Count(got, "data:") != 1 || !strings.Contains(got, "data: good\n") {
		t.Errorf("published %q", got)
	}
	logged := r.logs.FilterMessage("message not published").All()
	if len(logged) != 1 || logged[0].ContextMap()["subject"] != "holdfast.channels.%61" {
		t.Errorf("logged %v", logged)
	}
}

// TestAnswersAreThoseOfHTTP sends the same bodies both ways.
func TestAnswersAreThoseOfHTTP(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	nc := server.Connect()
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	handler := control.New(control.Options{
		Hub: hub, Intake: newIntake(hub), Gatherer: r.registry,
		Metrics: control.NewMetrics(prometheus.NewRegistry()), Log: zap.NewNop(),
	})
	for _, body := range []string{
		`{"items":[]}`, `{"items":[{"channel":"c","id":"1","formats":{"sse":{"data":"x"},"ws-message":{}}}]}`,
		`{"items":[{"channel":"c","id":"1","formats":{"sse":{"data":"x"}}},{"channel":"c","id":"3","prev-id":"2","http-stream":{"content":"<"}}]}`,
		``, `[]`, `{"items":[{"channel":"\u0000","http-stream":{"content":"x"}}]}`, `{"items":[{"channel":"<&>"}]}`,
	} {
		post := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/publish/", strings.NewReader(body))
		post.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, post)
		want := fmt.Sprint(w.Code) + " " + places.ReplaceAllString(w.Body.String(), "")
		status, answer := request(t, nc, message("holdfast.publish", body))
		if got := status + " " + places.ReplaceAllString(answer, "") + "\n"; got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

func TestAnIDIsPublishedOnce(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	nc := server.Connect()
	c := r.follow("c")
	for _, want := range []string{"appended", "duplicate"} {
		if _, body := request(t, nc, message("holdfast.channels.c", "x", "Holdfast-Id", "1")); !strings.Contains(body, want) {
			t.Errorf("answered %s, want %s", body, want)
		}
	}
	if got := r.read(c); strings.Count(got, "data: x") != 1 {
		t.Errorf("published %q", got)
	}
}

func TestThePrefixIsChosen(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server, func(o *nats.Options) { o.Prefix = "live.eu" }).ready()
	c := r.follow("c")
	nc := server.Connect()
	nc.PublishMsg(message("holdfast.channels.c", "elsewhere"))
	request(t, nc, message("live.eu.channels.c", "here"))
	if got := r.read(c); strings.Contains(got, "elsewhere") || !strings.Contains(got, "here") {
		t.Errorf("got %q", got)
	}
}

// TestAnswersAreNeverPublished: somebody who may publish to one channel names
// another as the place for the answer.
func TestAnswersAreNeverPublished(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	c := r.follow("other")
	nc := server.Connect()
	for _, reply := range []string{"holdfast.channels.other", "holdfast.publish"} {
		m := message("holdfast.channels.c", "x")
		m.Reply = reply
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	request(t, nc, message("holdfast.channels.c", "x")) // after them in the order
	request(t, nc, message("holdfast.channels.c", "x")) // and after their answers, if there were any
	if got := r.read(c); got != "" {
		t.Errorf("published %q", got)
	}
	if got := r.count("holdfast_nats_messages_total", "bad_payload", "publish"); got != 0 {
		t.Errorf("%v answers were taken for publications", got)
	}
}

func TestAnswersThatAreTooLongSaySo(t *testing.T) {
	server := natstest.Start(t)
	newRig(t, server).ready()
	items := strings.Repeat(`{"channel":"c","sse":{"data":""}},`, 20_000)
	status, body := request(t, server.Connect(), message("holdfast.publish", `{"items":[`+strings.TrimSuffix(items, ",")+`]}`))
	if status != "200" || !strings.Contains(body, "too long") {
		t.Errorf("answered %s %.100s", status, body)
	}
}
