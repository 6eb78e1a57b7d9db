package grip

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// headers reads "Name: value" lines.
func headers(lines ...string) http.Header {
	h := make(http.Header)
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	return h
}

func TestInstructionsInHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		header []string
		want   Instruction
	}{
		"a stream hold": {
			[]string{"Grip-Hold: stream", "Grip-Channel: ch"},
			Instruction{Hold: Stream, Channels: []Channel{{Name: "ch"}}},
		},
		"channels in one header and in two (T20)": {
			[]string{"Grip-Hold: response", "Grip-Channel: a, b", "Grip-Channel: c"},
			Instruction{Hold: Response, Channels: []Channel{{Name: "a"}, {Name: "b"}, {Name: "c"}}},
		},
		"channel parameters": {
			[]string{`Grip-Channel: a; prev-id="x, \"y\""; Filter=skip-self; filter=var-subst; replay=30s, b;replay=off`},
			Instruction{Channels: []Channel{
				{Name: "a", PrevID: `x, "y"`, Filters: []string{"skip-self", "var-subst"}, ReplayAge: 30 * time.Second},
				{Name: "b", NoReplay: true},
			}},
		},
		"a channel that is named again": {
			[]string{"Grip-Channel: a; prev-id=1; filter=skip-self, b, c", "Grip-Channel: a; prev-id=2; replay=off", "Grip-Channel: b, c; filter=var-subst"},
			Instruction{Channels: []Channel{{Name: "a", PrevID: "2", NoReplay: true}, {Name: "b"}, {Name: "c", Filters: []string{"var-subst"}}},
				Overruled: []string{"a", "c"}},
		},
		"a timeout": {
			[]string{"Grip-Hold: response", "Grip-Timeout: 20"},
			Instruction{Hold: Response, Timeout: 20 * time.Second},
		},
		"a timeout below the minimum (T25)": {
			[]string{"Grip-Timeout: 1"}, Instruction{Timeout: 5 * time.Second},
		},
		"an expiry": {
			[]string{"Grip-Hold: stream", "Grip-Expires: 1"}, Instruction{Hold: Stream, Expires: time.Second},
		},
		"a cstring keep-alive (T18)": {
			[]string{`Grip-Keep-Alive: :\n\n; format=cstring; timeout=2`},
			Instruction{KeepAlive: &KeepAlive{Data: []byte(":\n\n"), Interval: 2 * time.Second}},
		},
		"every cstring escape, at every interval (T19)": {
			[]string{`Grip-Keep-Alive: a\\\r\n\t\x41; format=cstring; mode=interval`},
			Instruction{KeepAlive: &KeepAlive{Data: []byte("a\\\r\n\tA"), Interval: 55 * time.Second, Always: true}},
		},
		"a base64 keep-alive": {
			[]string{"Grip-Keep-Alive: AP8=; format=base64; timeout=0"},
			Instruction{KeepAlive: &KeepAlive{Data: []byte{0, 255}, Interval: time.Second}},
		},
		"a raw keep-alive": {
			[]string{`Grip-Keep-Alive: :,x`},
			Instruction{KeepAlive: &KeepAlive{Data: []byte(":,x"), Interval: 55 * time.Second}},
		},
		"a status with a reason (T16)": {
			[]string{"Grip-Status: 202 Later on"}, Instruction{Status: 202, Reason: "Later on"},
		},
		"meta": {
			[]string{`Grip-Set-Meta: user=alice, Plan="a;b"; x=1`},
			Instruction{Meta: map[string]string{"user": "alice", "Plan": "a;b", "x": "1"}},
		},
		"exposed headers (T17)": {
			[]string{"Grip-Expose-Headers: X-A, X-B", "Grip-Expose-Headers: X-C"},
			Instruction{ExposeHeaders: []string{"X-A", "X-B", "X-C"}},
		},
		"links": {
			[]string{"Grip-Link: </n?a=1,2;3>; rel=next; timeout=3, </bye>;rel=gone, </x>"},
			Instruction{Links: []Link{{"/n?a=1,2;3", "next", 3 * time.Second}, {"/bye", "gone", 120 * time.Second}}},
		},
		"no exposed header": {
			[]string{"Grip-Expose-Headers:"}, Instruction{ExposeHeaders: []string{}},
		},
		"a reliable stream (T37)": {
			[]string{"Grip-Hold: stream", "Grip-Channel: ch; prev-id=1", "Grip-Link: </next?x=1>; rel=next"},
			Instruction{Hold: Stream, Channels: []Channel{{Name: "ch", PrevID: "1"}}, Links: []Link{{"/next?x=1", "next", 120 * time.Second}}},
		},
		"a link without a hold (T40)": {
			[]string{"Grip-Link: </2>; rel=next"}, Instruction{Links: []Link{{"/2", "next", 120 * time.Second}}},
		},
		"filters (T51 to T55)": {
			[]string{"Grip-Set-Meta: id_format=%(ch)s", "Grip-Channel: ch; filter=build-id; filter=skip-users, d; filter=require-sub"},
			Instruction{Meta: map[string]string{"id_format": "%(ch)s"},
				Channels: []Channel{{Name: "ch", Filters: []string{"build-id", "skip-users"}}, {Name: "d", Filters: []string{"require-sub"}}}},
		},
		"headers that are not known": {[]string{"Grip-Other: x"}, Instruction{}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.Timeout == 0 {
				c.want.Timeout = DefaultTimeout
			}
			got, err := Parse(200, headers(c.header...), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstructionsInHeadersThatAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"Grip-Hold: banana":                          "Grip-Hold must be set to either 'response' or 'stream'", // T22
		"Grip-Hold: Stream":                          "Grip-Hold must be set",
		"Grip-Channel: a; replay=never":              "replay must be 'off' or a duration",
		"Grip-Channel: a; replay=-1s":                "replay must be",
		`Grip-Channel: a; prev-id="x`:                "has a quote that does not end",
		`Grip-Channel: a; prev-id="x" y`:             "after the quoted value",
		"Grip-Channel: a; =y":                        "without a name",
		"Grip-Timeout: soon":                         "Grip-Timeout must be a number of seconds",
		"Grip-Timeout: -1":                           "Grip-Timeout must be",
		"Grip-Timeout: 99999999999999999999":         "Grip-Timeout must be",
		"Grip-Expires: soon":                         "Grip-Expires must be a number of seconds",
		"Grip-Expires: 0":                            "Grip-Expires must be at least 1",
		"Grip-Expires:":                              "Grip-Expires must be",
		"Grip-Keep-Alive: ; timeout=5":               "has no data",
		"Grip-Keep-Alive: x; format=hex":             "format must be",
		"Grip-Keep-Alive: x; mode=often":             "mode must be",
		"Grip-Keep-Alive: x; timeout=x":              "timeout must be",
		"Grip-Keep-Alive: !; format=base64":          "not valid base64",
		`Grip-Keep-Alive: a\; format=cstring`:        "lone backslash",
		`Grip-Keep-Alive: a\q; format=cstring`:       `unknown escape \q`,
		`Grip-Keep-Alive: a\x1; format=cstring`:      `without two hex digits`,
		`Grip-Keep-Alive: a\x+1; format=cstring`:     `without two hex digits`,
		"Grip-Status: later":                         "must start with a number",
		"Grip-Status: 101":                           "not from 200 to 599",
		"Grip-Status: 1000":                          "not from 200 to 599",
		"Grip-Set-Meta: user":                        "must be key=value",
		"Grip-Set-Meta: a=1,":                        "must be key=value",
		"Grip-Link: /n; rel=next":                    "must be <URI>",
		"Grip-Link: <http://[>; rel=next":            "missing ']' in host",
		"Grip-Link: <>; rel=next":                    "must be <URI>",
		"Grip-Link: </n>; rel=next; timeout=x":       "timeout must be",
		"Grip-Channel:" + strings.Repeat("a,", 1001): "more than 1000 members",
	} {
		t.Run(line[:min(40, len(line))], func(t *testing.T) {
			_, err := Parse(200, headers(line), nil)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

func TestInstructionsInJSON(t *testing.T) {
	empty := &Answer{Code: 200, Header: http.Header{}}
	for name, c := range map[string]struct {
		body   string
		header []string
		want   Instruction
	}{
		"the default mode is response (T28)": {
			`{"hold":{"channels":[{"name":"ch"}]},"response":{"headers":{"Content-Type":"text/x"},"body":"t"}}`, nil,
			Instruction{Hold: Response, Channels: []Channel{{Name: "ch"}},
				Response: &Answer{Code: 200, Header: headers("Content-Type: text/x"), Body: []byte("t")}},
		},
		"no hold (T30)": {
			`{"response":{"code":203,"body":"z"}}`, nil,
			Instruction{Response: &Answer{Code: 203, Header: http.Header{}, Body: []byte("z")}},
		},
		"everything": {
			`{"hold":{"mode":"stream","channels":[{"name":"a","prev-id":"1","filters":["skip-self"],"replay":"off"},{"name":"b","replay":"1m"}],
			  "timeout":"25","expires":3600,"keep-alive":{"content-bin":"Cg==","content":"x","timeout":"20","mode":"interval"},"meta":{"u":"x"}},
			  "response":{"code":"201","reason":"Made","headers":[["X-A","1"],["X-A","2"]],"body-bin":"AA=="}}`, nil,
			Instruction{Hold: Stream, Timeout: 25 * time.Second, Expires: time.Hour, Meta: map[string]string{"u": "x"},
				Channels:  []Channel{{Name: "a", PrevID: "1", Filters: []string{"skip-self"}, NoReplay: true}, {Name: "b", ReplayAge: time.Minute}},
				KeepAlive: &KeepAlive{Data: []byte("\n"), Interval: 20 * time.Second, Always: true},
				Response:  &Answer{Code: 201, Reason: "Made", Header: headers("X-A: 1", "X-A: 2"), Body: []byte{0}}},
		},
		"what the JSON says beats the headers": {
			`{"hold":{"channels":[{"name":"a"}],"timeout":30,"expires":30,"keep-alive":{"content":"j"},"meta":{"u":"j"}},"response":{"code":201}}`,
			[]string{"Grip-Hold: stream", "Grip-Channel: b", "Grip-Timeout: 10", "Grip-Expires: 10", "Grip-Keep-Alive: h; mode=interval", "Grip-Set-Meta: u=h, v=h", "Grip-Status: 299 Odd"},
			Instruction{Hold: Response, Channels: []Channel{{Name: "b"}, {Name: "a"}}, Timeout: 30 * time.Second, Expires: 30 * time.Second, Meta: map[string]string{"u": "j", "v": "h"},
				KeepAlive: &KeepAlive{Data: []byte("j"), Interval: 55 * time.Second}, Response: &Answer{Code: 201, Header: http.Header{}}},
		},
		"a channel that the headers name too": {
			`{"hold":{"channels":[{"name":"a"},{"name":"b","filters":["skip-self"]}]}}`,
			[]string{"Grip-Channel: b; prev-id=1"},
			Instruction{Hold: Response, Channels: []Channel{{Name: "b", Filters: []string{"skip-self"}}, {Name: "a"}}, Overruled: []string{"b"},
				Response: empty},
		},
		"what the JSON leaves open the headers say": {
			`{"response":{"reason":"Odder"}}`,
			[]string{"Grip-Hold: stream", "Grip-Channel: b", "Grip-Timeout: 10", "Grip-Status: 299 Odd", "Grip-Set-Meta: u=h", "Grip-Link: </n>; rel=next"},
			Instruction{Hold: Stream, Channels: []Channel{{Name: "b"}}, Timeout: 10 * time.Second, Meta: map[string]string{"u": "h"},
				Response: &Answer{Code: 299, Reason: "Odder", Header: http.Header{}}, Links: []Link{{"/n", "next", 120 * time.Second}}},
		},
		"an expiry in the headers and none in the JSON": {
			`{"hold":{"mode":"stream","channels":[]}}`, []string{"Grip-Expires: 10"},
			Instruction{Hold: Stream, Expires: 10 * time.Second, Response: empty},
		},
		"a status in the headers and no response (T30)": {
			`{}`, []string{"Grip-Status: 299 Odd"},
			Instruction{Response: &Answer{Code: 299, Reason: "Odd", Header: http.Header{}}},
		},
		"keys of another case are others": {
			`{"Hold":1,"response":{"code":203,"CODE":"x"}}`, nil, Instruction{Response: &Answer{Code: 203, Header: http.Header{}}},
		},
		"a JSON keep-alive is idle by default": {
			`{"hold":{"channels":[],"keep-alive":{"content":"x"}}}`, nil,
			Instruction{Hold: Response, Channels: nil, Response: empty, KeepAlive: &KeepAlive{Data: []byte("x"), Interval: 55 * time.Second}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.Timeout == 0 {
				c.want.Timeout = DefaultTimeout
			}
			h := headers(append(c.header, "Content-Type: application/grip-instruct; charset=utf-8")...)
			got, err := Parse(200, h, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstructionsInJSONThatAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		``:                                      "not valid JSON",
		`{"hold":`:                              "not valid JSON",
		`{} {}`:                                 "not valid JSON",
		`null`:                                  "not a JSON object",
		`[]`:                                    "not a JSON object",
		`{"hold":1}`:                            "instruct contains 'hold' with wrong type",
		`{"hold":{}}`:                           "hold does not contain 'channels'",
		`{"hold":{"channels":{}}}`:              "hold contains 'channels' with wrong type",
		`{"hold":{"channels":[1]}}`:             "element with wrong type",
		`{"hold":{"channels":[{}]}}`:            "channel does not contain 'name'",
		`{"hold":{"channels":[{"name":null}]}}`: "channel contains 'name' with wrong type",
		`{"hold":{"channels":[{"name":"a","prev-id":1}]}}`:               "channel contains 'prev-id' with wrong type",
		`{"hold":{"channels":[{"name":"a","filters":"f"}]}}`:             "channel contains 'filters' with wrong type",
		`{"hold":{"channels":[{"name":"a","filters":[1]}]}}`:             "channel contains 'filters' with wrong type",
		`{"hold":{"channels":[{"name":"a","replay":"x"}]}}`:              "replay must be",
		`{"hold":{"channels":[],"mode":"often"}}`:                        "hold mode must be",
		`{"hold":{"channels":[],"mode":null}}`:                           "hold contains 'mode' with wrong type",
		`{"hold":{"channels":[],"timeout":"x"}}`:                         "hold contains 'timeout' with wrong type",
		`{"hold":{"channels":[],"timeout":-1}}`:                          "hold contains 'timeout' with wrong type",
		`{"hold":{"channels":[],"timeout":99999999999}}`:                 "over",
		`{"hold":{"channels":[],"expires":"x"}}`:                         "hold contains 'expires' with wrong type",
		`{"hold":{"channels":[],"expires":0}}`:                           "hold contains 'expires' under 1 second",
		`{"hold":{"channels":[],"expires":99999999999}}`:                 "over",
		`{"hold":{"channels":[],"keep-alive":1}}`:                        "hold contains 'keep-alive' with wrong type",
		`{"hold":{"channels":[],"keep-alive":{}}}`:                       "does not contain 'content'",
		`{"hold":{"channels":[],"keep-alive":{"content-bin":"!"}}}`:      "not valid base64",
		`{"hold":{"channels":[],"keep-alive":{"content":"x","mode":1}}}`: "wrong type",
		`{"hold":{"channels":[],"meta":{"a":1}}}`:                        "'meta' contains 'a' with wrong type",
		`{"response":1}`:                                      "instruct contains 'response' with wrong type",
		`{"response":{"code":99}}`:                            "status 99 is not from 200 to 599",
		`{"response":{"reason":"a\r\nb"}}`:                    "reason phrase contains",
		`{"response":{"headers":{"a b":"x"}}}`:                "is not a token",
		`{"response":{"headers":{"a":"x\r\nSet-Cookie: y"}}}`: "control characters",
		`{"response":{"headers":[["a"]]}}`:                    "headers contains element with wrong type",
		`{"response":{"code":204,"body":"x"}}`:                "status 204 cannot have a body",
		`{"response":{"body-bin":"%"}}`:                       "not valid base64",
		"{\"response\":{\"body\":\"\xff\"}}":                  "not valid UTF-8",
	} {
		t.Run(body, func(t *testing.T) {
			_, err := Parse(200, headers("Content-Type: application/grip-instruct"), []byte(body))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
	if _, err := Parse(201, headers("Content-Type: application/grip-instruct"), []byte("{}")); err == nil {
		t.Error("status 201 is taken (T29)")
	}
}

func TestGripHeadersAreFoundAndRemovedWhateverTheirCase(t *testing.T) {
	h := http.Header{"grip-hold": {"stream"}, "GRIP-X": {"1"}, "X-Grip": {"2"}}
	if !IsInstruction(h) {
		t.Error("not an instruction")
	}
	Strip(h)
	if len(h) != 1 || IsInstruction(h) {
		t.Errorf("left are %v", h)
	}
	if IsInstruction(headers("Content-Type: application/grip-instructions")) {
		t.Error("another media type is an instruction")
	}
}

func FuzzInstructionHeaders(f *testing.F) {
	f.Add("Grip-Hold: stream\nGrip-Channel: a; prev-id=\"x\"; replay=3s\nGrip-Keep-Alive: \\x0a; format=cstring")
	f.Add("Grip-Link: <a,b;c>; rel=next\nGrip-Set-Meta: a=\"b\"\nGrip-Status: 200 OK")
	f.Fuzz(func(t *testing.T, lines string) {
		in, err := Parse(200, headers(strings.Split(lines, "\n")...), nil)
		if err == nil && in.Timeout < MinTimeout {
			t.Errorf("timeout %v", in.Timeout)
		}
	})
}

func FuzzInstructionJSON(f *testing.F) {
	f.Add(`{"hold":{"mode":"stream","channels":[{"name":"a"}],"keep-alive":{"content":"x"}},"response":{"code":200,"headers":[["a","b"]]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		in, err := Parse(200, headers("Content-Type: application/grip-instruct"), []byte(body))
		if err != nil {
			return
		}
		checkAnswer(t, in.Response)
	})
}

// checkAnswer reports what would break out of a response head.
func checkAnswer(t *testing.T, a *Answer) {
	t.Helper()
	if a.Code < 200 || a.Code > 599 || strings.ContainsAny(a.Reason, "\r\n\x00") {
		t.Errorf("status %d %q", a.Code, a.Reason)
	}
	for name, values := range a.Header {
		for _, v := range values {
			if strings.ContainsAny(name+v, "\r\n\x00") {
				t.Errorf("header %q: %q", name, v)
			}
		}
	}
}
