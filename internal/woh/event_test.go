package woh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// all is every type of event, as it stands in bodies.
var all = []Event{
	{Open, nil}, {Text, []byte("hello")}, {Text, nil}, {Binary, []byte("\r\n\x00")}, {Ping, nil}, {Pong, []byte("hi")},
	{Close, []byte("\x03\xe8")}, {Close, nil}, {Disconnect, nil}, {Text, []byte(strings.Repeat("x", 50))},
}

const allText = "OPEN\r\nTEXT 5\r\nhello\r\nTEXT 0\r\n\r\nBINARY 3\r\n\r\n\x00\r\nPING\r\nPONG 2\r\nhi\r\n" +
	"CLOSE 2\r\n\x03\xe8\r\nCLOSE\r\nDISCONNECT\r\nTEXT 32\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"

func TestEventsAreWrittenAndRead(t *testing.T) {
	var b []byte
	for _, e := range all {
		b = Append(b, e)
	}
	if string(b) != allText {
		t.Errorf("wrote %q", b)
	}
	got, err := Parse([]byte(allText))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestOtherWaysToWriteEvents(t *testing.T) {
	for body, want := range map[string][]Event{
		"": nil,
		"TEXT 1A\r\n" + strings.Repeat("x", 26) + "\r\n": {{Text, []byte(strings.Repeat("x", 26))}},
		"TEXT 0005\r\nhello\r\n":                         {{Text, []byte("hello")}},
		"PING 0\r\n\r\n":                                 {{Ping, nil}},
		"FUTURE 1\r\nx\r\nOPEN\r\n":                      {{"FUTURE", []byte("x")}, {Open, nil}},
		"TEXT\r\n":                                       {{Text, nil}},
	} {
		got, err := Parse([]byte(body))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%q: %v %s", body, err, diff)
		}
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		"OPEN":                           "event 0: line without an end",
		"OPEN\n":                         "event 0: line without an end",
		"OPEN\r\n\r\n":                   "event 1: no type",
		"OPEN\r\nTEXT x\r\n":             `event 1: length "x" is not a hexadecimal number`,
		"TEXT -1\r\n":                    `event 0: length "-1" is not a hexadecimal number`,
		"TEXT 80000000\r\n":              `event 0: length "80000000" is not a hexadecimal number`,
		"TEXT \r\n":                      `event 0: length "" is not a hexadecimal number`,
		"TEXT 5\r\nhell":                 "event 0: content is shorter than announced",
		"TEXT 4\r\nhello\r\n":            "event 0: no line break after the content",
		"TEXT 5\r\nhello":                "event 0: no line break after the content",
		strings.Repeat("x", 65) + "\r\n": "event 0: line of 65 bytes, at most 64 are allowed",
	} {
		if _, err := Parse([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", body, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(allText))
	f.Add([]byte("TEXT 5\r\nhell"))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := Parse(body)
		if err != nil {
			return
		}
		var b []byte
		for _, e := range events {
			b = Append(b, e)
		}
		again, err := Parse(b)
		if diff := cmp.Diff(events, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%q is written as %q: %v %s", body, b, err, diff)
		}
	})
}
