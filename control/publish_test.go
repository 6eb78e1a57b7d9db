package control_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// T46 and T48.
func TestPublishAnswersAsPushpinDoes(t *testing.T) {
	good := batch(streamItem("c", "x"))
	tests := []struct {
		name string
		request
	}{
		{"an item", post(good, 200, "Published\n")},
		{"the path without its slash", request{method: "POST", path: "/publish", body: good, status: 200, answer: "Published\n"}},
		{"a query", request{method: "POST", path: "/publish/?x=y", body: good, status: 200, answer: "Published\n"}},
		{"no items at all", post(batch(), 200, "Published\n")},
		{"no items in JSON", request{method: "POST", path: "/publish/", body: batch(), header: accepts("application/json"),
			status: 200, answer: "{\"message\":\"Published\",\"items\":[]}\n"}},
		{"another content type", request{method: "POST", path: "/publish/", body: good,
			header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, status: 200, answer: "Published\n"}},
		{"not JSON", post("{", 400, "Body is not valid JSON.\n")},
		{"no body", post("", 400, "Body is not valid JSON.\n")},
		{"something after the JSON", post(good+"x", 400, "Body is not valid JSON.\n")},
		{"a list", post("[]", 400, "Invalid format.\n")},
		{"a string", post(`"x"`, 400, "Invalid format.\n")},
		{"null", post("null", 400, "Invalid format.\n")},
		{"no items", post("{}", 400, "Invalid format: object does not contain 'items'\n")},
		{"items that are no list", post(`{"items":{}}`, 400, "Invalid format: object contains 'items' with wrong type\n")},
		{"one item without a channel", post(batch("{}"), 400, "Invalid format: publish item object does not contain 'channel'\n")},
		{"one item without formats", post(batch(`{"channel":"c"}`), 400, "Invalid format: no formats specified\n")},
		{"the second of two items in JSON", request{method: "POST", path: "/publish/", body: batch(streamItem("c", "x"), "{}"),
			header: accepts("application/json"), status: 400,
			answer: `{"message":"Invalid format: publish item object does not contain 'channel' (item 1)"}` + "\n"}},
		{"neither format is accepted", request{method: "POST", path: "/publish/", body: good, header: accepts("image/png"),
			status: 406, answer: "Not Acceptable. Supported formats are text/plain and application/json.\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, newEnv(t)) })
	}
}

func TestNothingIsPublishedThatCouldNotBeAnswered(t *testing.T) {
	e := newEnv(t)
	c := e.follow(t, "c")
	request{method: "POST", path: "/publish/", body: batch(streamItem("c", "x")), header: accepts("image/png"),
		status: 406, answer: "*"}.check(t, e)
	if got := read(t, c); got != "" {
		t.Errorf("published %q", got)
	}
}

// T47.
func TestWrongItemsRefuseTheirBatch(t *testing.T) {
	tests := []struct {
		name, item string
		key        string // that the message must name
	}{
		{"an item that is no object", `1`, ""},
		{"no channel", `{"formats":{"http-stream":{"content":"x"}}}`, "'channel'"},
		{"a channel of another type", `{"channel":1,"formats":{"http-stream":{"content":"x"}}}`, "'channel'"},
		{"an empty channel", `{"channel":"","formats":{"http-stream":{"content":"x"}}}`, "channel"},
		{"a channel with a control character", `{"channel":"a\nb","formats":{"http-stream":{"content":"x"}}}`, "channel"},
		{"a channel over 255 bytes", fmt.Sprintf(`{"channel":%q,"http-stream":{"content":"x"}}`, strings.Repeat("n", 256)), "channel"},
		{"no formats", `{"channel":"c"}`, "no formats specified"},
		{"empty formats", `{"channel":"c","formats":{}}`, "no formats specified"},
		{"formats of another type", `{"channel":"c","formats":[]}`, "'formats'"},
		{"a format of another type", `{"channel":"c","formats":{"http-stream":"x"}}`, "'http-stream'"},
		{"an id of another type", `{"channel":"c","id":1,"http-stream":{"content":"x"}}`, "'id'"},
		{"a null id", `{"channel":"c","id":null,"http-stream":{"content":"x"}}`, "'id'"},
		{"a prev-id of another type", `{"channel":"c","prev-id":[],"http-stream":{"content":"x"}}`, "'prev-id'"},
		{"no-seq as a string", `{"channel":"c","no-seq":"true","http-stream":{"content":"x"}}`, "'no-seq'"},
		{"meta of another type", `{"channel":"c","meta":[],"http-stream":{"content":"x"}}`, "'meta'"},
		{"a meta value of another type", `{"channel":"c","meta":{"k":1},"http-stream":{"content":"x"}}`, "'k'"},
		{"a size that is no number", `{"channel":"c","size":"big","http-stream":{"content":"x"}}`, "'size'"},
		{"no content", `{"channel":"c","formats":{"http-stream":{}}}`, "'http-stream' does not contain 'content' or 'content-bin'"},
		{"content of another type", `{"channel":"c","formats":{"http-stream":{"content":1}}}`, "'content'"},
		{"bad base64", `{"channel":"c","formats":{"http-stream":{"content-bin":"*"}}}`, "'content-bin'"},
		{"an unknown action", `{"channel":"c","formats":{"http-stream":{"content":"x","action":"jump"}}}`, "action"},
		{"no body", `{"channel":"c","formats":{"http-response":{}}}`, "'http-response' does not contain 'body', 'body-bin', or 'body-patch'"},
		{"a code that is no number", `{"channel":"c","formats":{"http-response":{"code":"x","body":""}}}`, "'code'"},
		{"a code out of range", `{"channel":"c","formats":{"http-response":{"code":1000,"body":""}}}`, "status 1000"},
		{"a reason with a line break", `{"channel":"c","formats":{"http-response":{"reason":"a\r\nX: y","body":""}}}`, "reason phrase"},
		{"a header with a line break", `{"channel":"c","formats":{"http-response":{"headers":{"X":"a\r\nY: z"},"body":""}}}`, "header"},
		{"a header name with a colon", `{"channel":"c","formats":{"http-response":{"headers":{"X: a":"b"},"body":""}}}`, "header"},
		{"headers of another type", `{"channel":"c","formats":{"http-response":{"headers":"x","body":""}}}`, "headers"},
		{"an event name with a line break", `{"channel":"c","formats":{"sse":{"event":"a\nb","data":"x"}}}`, "event name"},
		{"an event id with NUL", `{"channel":"c","formats":{"sse":{"id":"\u0000","data":"x"}}}`, "event id"},
		{"an event without data", `{"channel":"c","formats":{"sse":{"event":"x"}}}`, "'data'"},
		{"a stream and an event", `{"channel":"c","formats":{"sse":{"data":"x"},"http-stream":{"content":"x"}}}`, "'sse'"},
		{"a patch", `{"channel":"c","formats":{"http-response":{"body-patch":{}}}}`, "'body-patch'"},
		{"an id over 1024 bytes", fmt.Sprintf(`{"channel":"c","id":%q,"http-stream":{"content":"x"}}`, strings.Repeat("i", 1025)), "'id'"},
		{"a retry that is no number", `{"channel":"c","formats":{"sse":{"retry":"soon","data":"x"}}}`, "'retry'"},
	}
	index := regexp.MustCompile(`\b1\b`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			c := e.follow(t, "c")
			w := post(batch(streamItem("c", "first"), tt.item, streamItem("c", "third")), 400, "*").check(t, e)
			got := w.Body.String()
			if !strings.HasPrefix(got, "Invalid format: ") || !strings.Contains(got, tt.key) {
				t.Errorf("%q does not name %s", got, tt.key)
			}
			if !index.MatchString(got) {
				t.Errorf("%q does not say which item", got)
			}
			if got := read(t, c); got != "" {
				t.Errorf("published %q", got)
			}
		})
	}
}

func TestJSONAnswerTellsWhatBecameOfEachItem(t *testing.T) {
	e := newEnv(t)
	e.follow(t, "c")
	e.follow(t, "c")
	body := batch(
		`{"channel":"c","id":"1","formats":{"http-stream":{"content":"x"}}}`,
		`{"channel":"c","id":"1","formats":{"xmpp":{},"mqtt":{}}}`,
		`{"channel":"c","id":"3","prev-id":"2","formats":{"http-stream":{"content":"x"}}}`,
		streamItem("nobody", "x"),
	)
	w := request{method: "POST", path: "/publish/", body: body, header: accepts("application/json"), status: 200, answer: "*"}.check(t, e)
	var got struct {
		Message string
		Items   []struct {
			Status, Position string
			Subscribers      *int
			Ignored          []string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Message != "Published" || len(got.Items) != 4 {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if ignored := strings.Join(got.Items[1].Ignored, " "); ignored != "mqtt xmpp" || got.Items[0].Ignored != nil {
		t.Errorf("wrong formats are named in %s", w.Body)
	}
	head := e.hub.Head()
	for i, want := range []struct {
		status      string
		seq         uint64 // 0: no position
		subscribers int
	}{{"appended", head.Seq - 1, 2}, {"duplicate", 0, 0}, {"parked", 0, 0}, {"appended", head.Seq, 0}} {
		it := got.Items[i]
		position := ""
		if want.seq > 0 {
			position = fmt.Sprintf("%s-%d", head.Epoch, want.seq)
		}
		if it.Status != want.status || it.Position != position {
			t.Errorf("item %d: %+v, want %s %s", i, it, want.status, position)
		}
		if position == "" && it.Subscribers != nil || position != "" && (it.Subscribers == nil || *it.Subscribers != want.subscribers) {
			t.Errorf("item %d has wrong subscribers in %s", i, w.Body)
		}
	}
}

func TestWhatStreamsGet(t *testing.T) {
	tests := []struct{ name, item, want string }{
		{"content as it is", streamItem("c", "a\r\nb\x00"), "a\r\nb\x00"},
		{"binary content", `{"channel":"c","formats":{"http-stream":{"content-bin":"AAH/"}}}`, "\x00\x01\xff"},
		{"binary content beats content", `{"channel":"c","formats":{"http-stream":{"content":"no","content-bin":"eA=="}}}`, "x"},
		{"a format in the item itself", `{"channel":"c","http-stream":{"content":"x"}}`, "x"},
		{"an event", `{"channel":"c","formats":{"sse":{"event":"e","id":"7","data":"a\nb","retry":100}}}`, ""},
		{"an event with an object", `{"channel":"c","formats":{"sse":{"id":"7","data":{"b": [1, 2], "a": null}}}}`, ""},
		{"another format only", `{"channel":"c","formats":{"ws-message":{"content":"x"}}}`, ""},
		{"an unknown format only", `{"channel":"c","formats":{"xmpp":{}}}`, ""},
	}
	lines := map[string][]string{
		"an event":                {"event: e\n", "id: 7\n", "data: a\ndata: b\n", "retry: 100\n"},
		"an event with an object": {"id: 7\n", `data: {"b":[1,2],"a":null}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			c := e.follow(t, "c")
			post(batch(tt.item), 200, "Published\n").check(t, e)
			got := read(t, c)
			if lines[tt.name] == nil && got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, line := range lines[tt.name] {
				if !strings.Contains(got, line) {
					t.Errorf("%q is not in %q", line, got)
				}
			}
		})
	}
}

func TestNumbersMayBeStrings(t *testing.T) {
	e := newEnv(t)
	post(batch(`{"channel":"c","size":"3","formats":{"http-response":{"code":"404","body":"x"},"sse":{"retry":"100","data":"x"}}}`),
		200, "Published\n").check(t, e)
}
