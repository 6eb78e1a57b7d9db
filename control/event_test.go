package control_test

import (
	"strings"
	"testing"
)

func TestRawBodyIsOneEvent(t *testing.T) {
	tests := []struct {
		name, query, body string
		want              []string // lines in the event, without the id that is its position
	}{
		{"plain data", "", "hello", []string{"data: hello"}},
		{"a name and an id", "?event=greeting&id=7", "hello", []string{"event: greeting", "id: 7", "data: hello"}},
		{"several lines", "", "one\ntwo", []string{"data: one", "data: two"}},
		{"nothing", "?event=tick", "", []string{"event: tick", "data:"}},
		{"encoded parameters", "?event=a%20b%26c&id=%C3%BC", "x", []string{"event: a b&c", "id: ü", "data: x"}},
		{"a query without values", "?event=&id=", "x", []string{"data: x"}},
		{"JSON as it is", "", `{"a": 1}`, []string{`data: {"a": 1}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			c := e.follow(t, "c")
			request{method: "POST", path: "/channels/c" + tt.query, body: tt.body, status: 200, answer: "Published\n"}.check(t, e)
			got := read(t, c)
			if !strings.HasSuffix(got, "\n\n") || strings.Count(got, "\n\n") != 1 {
				t.Errorf("%q is not one event", got)
			}
			for _, line := range tt.want {
				if !strings.Contains(got, line) {
					t.Errorf("%q is not in %q", line, got)
				}
			}
			if !strings.Contains(got, "id: ") {
				t.Errorf("%q has no id", got)
			}
		})
	}
}

func TestRawEventSentTwiceIsPublishedOnce(t *testing.T) {
	e := newEnv(t)
	c := e.follow(t, "c")
	q := request{method: "POST", path: "/channels/c?id=1", body: "x", status: 200, answer: "Published\n"}
	q.check(t, e)
	q.answer = "Published before, not again\n"
	q.check(t, e)
	q.header, q.answer = accepts("application/json"),
		`{"message":"Published","items":[{"status":"duplicate"}]}`+"\n"
	q.check(t, e)
	if got := read(t, c); strings.Count(got, "data: x") != 1 {
		t.Errorf("got %q", got)
	}
}

func TestRawEventsThatAreRefused(t *testing.T) {
	tests := []struct {
		name, query, body, want string
	}{
		{"CR in the name", "?event=a%0Db", "x", "Invalid format: event name contains '\\r'\n"},
		{"LF in the name", "?event=a%0Adata:%20injected", "x", "Invalid format: event name contains '\\n'\n"},
		{"NUL in the id", "?id=%00", "x", "Invalid format: event id contains '\\x00'\n"},
		{"LF in the id", "?id=%0A", "x", "Invalid format: event id contains '\\n'\n"},
		{"invalid UTF-8 in the name", "?event=%FF", "x", "Parameter \"event\" is not valid UTF-8.\n"},
		{"invalid UTF-8 in the body", "", "a\xffb", "The body is not valid UTF-8, as event streams are.\n"},
		{"a misspelt parameter", "?evnt=a", "x", "Unknown parameter \"evnt\"; there are: event, id.\n"},
		{"a doubled parameter", "?id=1&id=2", "x", "Parameter \"id\" is given 2 times.\n"},
	}
	e := newEnv(t)
	c := e.follow(t, "c")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request{method: "POST", path: "/channels/c" + tt.query, body: tt.body, status: 400, answer: tt.want}.check(t, e)
			if got := read(t, c); got != "" {
				t.Errorf("published %q", got)
			}
		})
	}
}
