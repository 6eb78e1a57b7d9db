package proxy

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
)

func TestGapEvents(t *testing.T) {
	at := channels.Position{Epoch: testEpoch, Seq: 9}
	for _, c := range []struct {
		name  string
		gap   channels.Gap
		names bool // of channels are wanted
		want  string
	}{
		{"what was evicted", channels.Gap{Reason: channels.Evicted, Channel: "ch", LastID: "x", Lost: 3}, false,
			`{"reason":"evicted","last_id":"x","lost":3}`},
		{"nobody knows how much", channels.Gap{Reason: channels.Epoch, LastID: "x", Lost: -1}, false,
			`{"reason":"epoch","last_id":"x","lost":null}`},
		{"a reader that was too slow", channels.Gap{Reason: channels.Lag, Channel: "ch", Lost: 1}, true,
			`{"reason":"lag","last_id":"","lost":1,"channel":"ch"}`},
		{"all channels", channels.Gap{Reason: channels.Unknown, LastID: "x", Lost: -1}, true,
			`{"reason":"unknown","last_id":"x","lost":null}`},
		{"an id that has to be escaped", channels.Gap{Reason: channels.Unknown, LastID: "a\"\n<\xff", Lost: -1}, false,
			`{"reason":"unknown","last_id":"a\"\n\u003c\ufffd","lost":null}`},
	} {
		c.gap.Resume = at
		h := &Handler{holding: Holding{GapEvent: "gap", GapChannels: c.names}}
		want := "event: gap\ndata: " + c.want + "\nid: abcdefghijkl-9\n\n"
		if got := string(h.appendGap(nil, &c.gap)); got != want {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

func TestTheLastEventIDIsFoundInAQuery(t *testing.T) {
	h := &Handler{holding: Holding{ResumeParameters: []string{"lastEventId", "last_event_id"}}}
	for query, want := range map[string]string{
		"":                                 "",
		"channel=a":                        "",
		"lastEventId=1":                    "1",
		"a=b&last_event_id=a%20b":          "a b",
		"last%45ventId=2":                  "2",
		"x=lastEventId":                    "",
		"lastEventId=&last_event_id=3&x=y": "3",
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+query, nil)
		if got := h.lastEventID(r); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}
