package grip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestItemsThatPublishersSend(t *testing.T) {
	for name, c := range map[string]struct {
		item string
		want Item
	}{
		"a stream (T10)":           {`{"channel":"ch","formats":{"http-stream":{"content":"one\n"}}}`, Item{Channel: "ch", Stream: &StreamFormat{Content: []byte("one\n")}}},
		"without formats (T11)":    {`{"channel":"ch","http-stream":{"content":"x"}}`, Item{Channel: "ch", Stream: &StreamFormat{Content: []byte("x")}}},
		"binary content (T12)":     {`{"channel":"ch","formats":{"http-stream":{"content":"x","content-bin":"AP8="}}}`, Item{Channel: "ch", Stream: &StreamFormat{Content: []byte{0, 255}}}},
		"close (T13)":              {`{"channel":"ch","formats":{"http-stream":{"action":"close"}}}`, Item{Channel: "ch", Stream: &StreamFormat{Action: Close}}},
		"a response (T26)":         {`{"channel":"ch","formats":{"http-response":{"code":"404","reason":"Gone Fishing","headers":{"X-N":"1","Grip-X":"2"},"body":"{}"}}}`, Item{Channel: "ch", Response: &ResponseFormat{Answer: Answer{Code: 404, Reason: "Gone Fishing", Header: headers("X-N: 1"), Body: []byte("{}")}}}},
		"a response hint (T34)":    {`{"channel":"ch","http-response":{"action":"hint"}}`, Item{Channel: "ch", Response: &ResponseFormat{Action: Hint}}},
		"an event":                 {`{"channel":"ch","sse":{"event":"e","id":"7","data":"a\nb","retry":"3000"}}`, Item{Channel: "ch", Event: &EventFormat{Name: "e", ID: "7", Data: "a\nb", Retry: 3000}}},
		"an event of JSON":         {`{"channel":"ch","sse":{"data":{ "a" : [1, "x y"] }}}`, Item{Channel: "ch", Event: &EventFormat{Data: `{"a":[1,"x y"]}`}}},
		"everything else":          {`{"channel":"ch","id":"2","prev-id":"1","no-seq":true,"size":5,"meta":{"sender":"a"},"formats":{"ws-message":{"content":"x"},"xmpp":{}}}`, Item{Channel: "ch", ID: "2", PrevID: "1", NoSeq: true, Size: 5, Meta: map[string]string{"sender": "a"}, Message: &MessageFormat{Content: []byte("x")}, Unsupported: []string{"xmpp"}}},
		"a message (T56)":          {`{"channel":"ch","ws-message":{"content":"w"}}`, Item{Channel: "ch", Message: &MessageFormat{Content: []byte("w")}}},
		"a binary message (T56)":   {`{"channel":"ch","ws-message":{"content-bin":"AQ==","content":"x"}}`, Item{Channel: "ch", Message: &MessageFormat{Type: Binary, Content: []byte{1}}}},
		"text in base64":           {`{"channel":"ch","ws-message":{"content-bin":"dA==","type":"text"}}`, Item{Channel: "ch", Message: &MessageFormat{Content: []byte("t")}}},
		"a ping":                   {`{"channel":"ch","ws-message":{"type":"ping"}}`, Item{Channel: "ch", Message: &MessageFormat{Type: Ping}}},
		"a close frame (T56)":      {`{"channel":"ch","ws-message":{"action":"close","code":"4001","reason":"bye"}}`, Item{Channel: "ch", Message: &MessageFormat{Action: Close, Code: 4001, Reason: "bye"}}},
		"an empty close frame":     {`{"channel":"ch","ws-message":{"action":"close"}}`, Item{Channel: "ch", Message: &MessageFormat{Action: Close}}},
		"a close without a code":   {`{"channel":"ch","ws-message":{"action":"close","reason":"x"}}`, Item{Channel: "ch", Message: &MessageFormat{Action: Close}}},
		"a message for some":       {`{"channel":"ch","ws-message":{"content":"w","content-filters":["var-subst"]}}`, Item{Channel: "ch", Message: &MessageFormat{Content: []byte("w"), ContentFilters: []string{"var-subst"}}}},
		"a refresh":                {`{"channel":"ch","ws-message":{"action":"refresh"}}`, Item{Channel: "ch", Message: &MessageFormat{Action: Refresh}}},
		"a hint for WebSockets":    {`{"channel":"ch","ws-message":{"action":"hint"}}`, Item{Channel: "ch", Message: &MessageFormat{Action: Hint}}},
		"numbers with a fraction":  {`{"channel":"ch","size":5.0,"http-response":{"code":2.0e2,"body":""}}`, Item{Channel: "ch", Size: 5, Response: &ResponseFormat{Answer: Answer{Code: 200, Header: headers(), Body: []byte{}}}}},
		"escapes everywhere":       {`{"\u0063hannel":"\u00fc\ud83d\ude00\ud800\/\"\\","http-stream":{"content":"data: \"x\\\\\"\n\n"}}`, Item{Channel: "ü😀\ufffd/\"\\", Stream: &StreamFormat{Content: []byte("data: \"x\\\\\"\n\n")}}},
		"keys of another case":     {`{"channel":"ch","Channel":1,"ID":1,"http-stream":{"content":"","Content":1}}`, Item{Channel: "ch", Stream: &StreamFormat{Content: []byte{}}}},
		"white space":              {" {\t\"channel\" :\r\n\"ch\" , \"sse\" : { \"data\" : [ 1 , 2 ] , \"retry\" : 5 } } ", Item{Channel: "ch", Event: &EventFormat{Data: "[1,2]", Retry: 5}}},
		"close (T34)":              {`{"channel":"ch","http-response":{"action":"close"}}`, Item{Channel: "ch", Response: &ResponseFormat{Action: Close}}},
		"a key that is said twice": {`{"channel":"a","channel":"b","http-stream":{"content":""}}`, Item{Channel: "b", Stream: &StreamFormat{Content: []byte{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseItems([]byte(`{"items":[` + c.item + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Item{c.want}, got, cmpopts.IgnoreFields(Item{}, "Raw")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestItemsAreKeptAsTheyWereWritten(t *testing.T) {
	items, err := ParseItems([]byte(`{"items": [ {"channel": "a", "sse":{"data":"1"}} ,{"sse":{"data":"2"},"channel":"b"} ]}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"channel": "a", "sse":{"data":"1"}}`, `{"sse":{"data":"2"},"channel":"b"}`} {
		if got := string(items[i].Raw); got != want {
			t.Errorf("item %d is kept as %s", i, got)
		}
	}
}

func TestPublishesThatAreRefused(t *testing.T) {
	one := func(item string) string { return `{"items":[` + item + `]}` }
	stream := func(format string) string { return one(`{"channel":"c","formats":{"http-stream":` + format + `}}`) }
	response := func(format string) string { return one(`{"channel":"c","formats":{"http-response":` + format + `}}`) }
	event := func(format string) string { return one(`{"channel":"c","sse":` + format + `}`) }
	message := func(format string) string { return one(`{"channel":"c","ws-message":` + format + `}`) }
	for body, want := range map[string]string{
		message(`1`):                          "Invalid format: publish item object contains 'ws-message' with wrong type",
		message(`{}`):                         "Invalid format: 'ws-message' does not contain 'content' or 'content-bin'",
		message(`{"content":"x","type":"y"}`): "Invalid format: 'ws-message': type must be 'text', 'binary', 'ping' or 'pong', not \"y\"",
		message(`{"content-bin":"/w==","type":"text"}`):                                       "Invalid format: 'ws-message': text is not valid UTF-8; the type is 'binary' for other bytes",
		message(`{"content":1}`):                                                              "Invalid format: 'ws-message' contains 'content' with wrong type",
		message(`{"action":"x"}`):                                                             "Invalid format: 'ws-message' contains unknown action \"x\": it is 'send', 'hint', 'close' or 'refresh'",
		message(`{"action":"close","code":1005}`):                                             "Invalid format: 'ws-message': close code 1005 cannot be sent",
		message(`{"action":"close","code":5000}`):                                             "Invalid format: 'ws-message': close code 5000 cannot be sent",
		message(`{"action":"close","reason":1}`):                                              "Invalid format: 'ws-message' contains 'reason' with wrong type",
		message(`{"action":"close","code":4000,"reason":"` + strings.Repeat("x", 124) + `"}`): "Invalid format: 'ws-message': reason is over 123 bytes",
		message(`{"type":"ping","content":"` + strings.Repeat("x", 126) + `"}`):               "Invalid format: 'ws-message': 126 bytes, at most 125 fit into a ping or pong",
		`{`:                                 "Body is not valid JSON.",
		`{"items":[]} x`:                    "Body is not valid JSON.",
		"{\"items\":[\"\xff\"]}":            "Body is not valid JSON.",
		`[]`:                                "Invalid format.",
		`null`:                              "Invalid format.",
		`{}`:                                "Invalid format: object does not contain 'items'",
		`{"items":{}}`:                      "Invalid format: object contains 'items' with wrong type",
		`{"items":null}`:                    "Invalid format: object contains 'items' with wrong type",
		one(`1`):                            "Invalid format: publish item is not an object",
		one(`{}`):                           "Invalid format: publish item object does not contain 'channel'",
		one(`{"channel":1}`):                "Invalid format: publish item object contains 'channel' with wrong type",
		one(`{"channel":"c"}`):              "Invalid format: no formats specified",
		one(`{"channel":"c","formats":{}}`): "Invalid format: no formats specified",
		one(`{"channel":"c","formats":[]}`): "Invalid format: publish item object contains 'formats' with wrong type",
		one(`{"channel":"c","id":null,"http-stream":{}}`):               "Invalid format: publish item object contains 'id' with wrong type",
		one(`{"channel":"c","prev-id":1,"http-stream":{}}`):             "Invalid format: publish item object contains 'prev-id' with wrong type",
		one(`{"channel":"c","id":"` + strings.Repeat("x", 1025) + `"}`): "Invalid format: publish item object contains 'id' of more than 1024 bytes",
		one(`{"channel":"c","no-seq":"true"}`):                          "Invalid format: publish item object contains 'no-seq' with wrong type",
		one(`{"channel":"c","no-seq":null}`):                            "Invalid format: publish item object contains 'no-seq' with wrong type",
		one(`{"channel":"c","meta":{"k":1}}`):                           "Invalid format: 'meta' contains 'k' with wrong type",
		one(`{"channel":"c","meta":[]}`):                                "Invalid format: publish item object contains 'meta' with wrong type",
		one(`{"channel":"c","size":1.5}`):                               "Invalid format: publish item object contains 'size' with wrong type",
		one(`{"channel":"c","size":1e99}`):                              "Invalid format: publish item object contains 'size' with wrong type",
		one(`{"channel":"c","size":true}`):                              "Invalid format: publish item object contains 'size' with wrong type",
		one(`{"channel":"c","size":-1}`):                                "Invalid format: publish item object contains 'size' with wrong type",
		stream(`1`):                                                     "Invalid format: publish item object contains 'http-stream' with wrong type",
		stream(`{}`):                                                    "Invalid format: 'http-stream' does not contain 'content' or 'content-bin'",
		stream(`{"content":1}`):                                         "Invalid format: 'http-stream' contains 'content' with wrong type",
		stream(`{"content-bin":"!"}`):                                   "Invalid format: 'http-stream' contains 'content-bin' that is not valid base64",
		stream(`{"action":"explode"}`):                                  `Invalid format: 'http-stream' contains unknown action "explode": it is 'send', 'hint' or 'close'`,
		stream(`{"content":"x","content-filters":"build-id"}`):          "Invalid format: 'http-stream' contains 'content-filters' with wrong type",
		stream(`{"content":"x","content-filters":[1]}`):                 "Invalid format: 'http-stream' contains 'content-filters' with wrong type",
		stream(`{"content":"x","content-filters":["skip-self"]}`):       `Invalid format: 'http-stream' contains unknown content filter "skip-self": it is 'build-id' or 'var-subst'`,
		response(`{"body":"x","content-filters":["x"]}`):                `Invalid format: 'http-response' contains unknown content filter "x": it is 'build-id' or 'var-subst'`,
		event(`{"data":"x","content-filters":["x"]}`):                   `Invalid format: 'sse' contains unknown content filter "x": it is 'build-id' or 'var-subst'`,
		message(`{"content":"x","content-filters":["x"]}`):              `Invalid format: 'ws-message' contains unknown content filter "x": it is 'build-id' or 'var-subst'`,
		response(`{}`):                "Invalid format: 'http-response' does not contain 'body', 'body-bin', or 'body-patch'",
		response(`{"body-patch":{}}`): "Invalid format: 'http-response' contains 'body-patch' with wrong type",
		response(`{"body-patch":[{"op":"grow","path":"/a"}]}`): "Invalid format: 'http-response' contains 'body-patch' that is no JSON Patch: invalid operation {\"op\":\"grow\",\"path\":\"/a\"}: unsupported operation",
		response(`{"code":"x","body":""}`):                     "Invalid format: 'http-response' contains 'code' with wrong type",
		response(`{"code":100,"body":""}`):                     "Invalid format: 'http-response': status 100 is not from 200 to 599",
		response(`{"code":304,"body":"x"}`):                    "Invalid format: 'http-response': status 304 cannot have a body",
		response(`{"reason":"a\nb","body":""}`):                `Invalid format: 'http-response': reason phrase contains '\n'`,
		response(`{"headers":{"a":"b\r\nc: d"},"body":""}`):    `Invalid format: 'http-response': value of header "a" contains control characters`,
		response(`{"headers":[["a","b","c"]],"body":""}`):      "Invalid format: 'http-response': headers contains element with wrong type",
		event(`{}`):                          "Invalid format: 'sse' does not contain 'data'",
		event(`{"data":"x","event":"a\nb"}`): `Invalid format: 'sse': event name contains '\n'`,
		event(`{"data":"x","id":"a\u0000"}`): `Invalid format: 'sse': event id contains '\x00'`,
		event(`{"data":"x","retry":-1}`):     "Invalid format: 'sse' contains 'retry' with wrong type",
		one(`{"channel":"c","sse":{"data":""},"http-stream":{"content":""}}`): "Invalid format: an item can have 'http-stream' or 'sse', not both",
		`{"items":[{"channel":"c","http-stream":{"content":""}},{}]}`:         "Invalid format: publish item object does not contain 'channel' (item 1)",
	} {
		t.Run(body[:min(60, len(body))], func(t *testing.T) {
			items, err := ParseItems([]byte(body))
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %q", err, want)
			}
			if items != nil {
				t.Error("items are given all the same")
			}
		})
	}
}

func TestAnEmptyListOfItemsIsFine(t *testing.T) {
	if items, err := ParseItems([]byte(` {"items":[]}`)); err != nil || len(items) != 0 {
		t.Errorf("%v, %v", items, err)
	}
}

// FuzzItem holds that an item has the channel that it is sent to and a format.
func FuzzItem(f *testing.F) {
	for _, body := range []string{`{"sse":{"data":"x"}}`, `{"channel":"c","formats":{"http-stream":{"content":"x"}}}`, `{"channel":"d"}`, `[]`, `null`, `{`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		it, err := ParseItem(body, "c")
		if err == nil && (it.Channel != "c" || it.Stream == nil && it.Response == nil && it.Event == nil && it.Unsupported == nil) {
			t.Errorf("got %+v", it)
		}
	})
}

func FuzzItems(f *testing.F) {
	f.Add(`{"items":[{"channel":"c","id":"1","formats":{"http-stream":{"content":"x"},"http-response":{"body":"x"}}}]}`)
	f.Add(`{"items":[{"channel":"c","sse":{"event":"e","data":[1],"id":"x"}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		items, err := ParseItems([]byte(body))
		if err != nil && items != nil {
			t.Error("an error and items")
		}
		for _, it := range items {
			if it.Event != nil && it.Event.Validate() != nil {
				t.Errorf("an event that cannot be written: %+v", it.Event)
			}
			if it.Response != nil && it.Response.Action == Send {
				checkAnswer(t, &it.Response.Answer)
			}
		}
	})
}

// A publish costs its validation and a few copies, whatever its depth.
func BenchmarkParseItems(b *testing.B) {
	for name, content := range map[string]string{"short": `data: hello\n\n`, "200": strings.Repeat("x", 200) + `\n\n`, "64k": strings.Repeat(`{\"a\": 1}`, 6<<10) + `\n\n`} {
		body := []byte(`{"items":[{"channel":"user-42","id":"1","formats":{"http-stream":{"content":"` + content + `"}}}]}`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseItems(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestAnItemThatIsSentToNoChannelNamesItsOwn(t *testing.T) {
	if it, err := ParseItem([]byte(`{"channel":"c","sse":{"data":"x"}}`), ""); err != nil || it.Channel != "c" {
		t.Errorf("got %+v, %v", it, err)
	}
	for body, problem := range map[string]string{
		`{"sse":{"data":"x"}}`:               "Invalid format: publish item object does not contain 'channel'",
		`{"channel":"c","sse":{"data":1}},1`: "Body is not valid JSON.",
	} {
		if _, err := ParseItem([]byte(body), ""); err == nil || err.Error() != problem {
			t.Errorf("%s: %v, want %q", body, err, problem)
		}
	}
}

func TestOneItemForAChannel(t *testing.T) {
	const event = `"formats":{"sse":{"data":"x"}}`
	tests := []struct{ name, body, problem string }{
		{"without a channel", `{` + event + `}`, ""},
		{"with the same channel", ` {"channel":"c",` + event + `}`, ""},
		{"with another channel", `{"channel":"d",` + event + `}`, `is sent to channel "c" and names another`},
		{"with a channel of another type", `{"channel":1,` + event + `}`, "'channel' with wrong type"},
		{"without formats", `{"channel":"c"}`, "no formats specified"},
		{"a list", `[]`, "publish item is not an object"},
		{"no JSON", `{`, "Body is not valid JSON."},
		{"nothing", ``, "Body is not valid JSON."},
		{"invalid UTF-8", "{\"formats\":{\"sse\":{\"data\":\"\xff\"}}}", "Body is not valid JSON."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it, err := ParseItem([]byte(tt.body), "c")
			switch {
			case tt.problem == "" && (err != nil || it.Channel != "c" || it.Event.Data != "x"):
				t.Errorf("got %+v, %v", it, err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("got %v, want %q", err, tt.problem)
			}
		})
	}
}
