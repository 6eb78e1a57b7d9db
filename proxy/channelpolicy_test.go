package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestAPolicySaysWhichChannelsMayBeHad(t *testing.T) {
	tests := []struct {
		name   string
		policy ChannelPolicy
		allow  string // names
		deny   string
	}{
		{"without one, every channel", ChannelPolicy{}, "a user-1 *", ""},
		{"names", ChannelPolicy{Allow: []string{"news", "sport"}}, "news sport", "new newsletter a"},
		{"beginnings", ChannelPolicy{Allow: []string{"user-*", "news"}}, "user- user-1 news", "user news1"},
		{"everything, spelled out", ChannelPolicy{Allow: []string{"*"}}, "a b", ""},
		{"exceptions", ChannelPolicy{Deny: []string{"admin", "secret-*"}}, "a secret admin2", "admin secret-1"},
		{"exceptions come before what is allowed", ChannelPolicy{Allow: []string{"a*"}, Deny: []string{"ab*"}}, "a ac", "ab abc b"},
		{"a length", ChannelPolicy{MaxLength: 3}, "a abc", "abcd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name := range strings.FieldsSeq(tt.allow) {
				if err := tt.policy.Check(name); err != nil {
					t.Error(err)
				}
			}
			for name := range strings.FieldsSeq(tt.deny) {
				if tt.policy.Check(name) == nil {
					t.Errorf("%q may be had", name)
				}
			}
		})
	}
}

func TestAnInstructionWithADeniedChannelIsTheOriginsFault(t *testing.T) {
	s := newStation(t, holding(paths(t), func(rt *Route) {
		rt.ChannelPrefix, rt.Channels.Allow = "p:", []string{"p:good"}
		rt.Subscribe = []string{"own"} // which is not looked at
	}))
	c := s.watch(t, client(t), s.url+"/events?channel=good")
	c.want(t, ":hi\n\n")
	for _, path := range []string{"/events?channel=bad", "/poll?channel=bad"} {
		resp, _ := get(t, client(t), s.url+path, "Accept", eventStream)
		if resp.StatusCode != http.StatusBadGateway {
			t.Errorf("%s: got %s", path, resp.Status)
		}
	}
	if n := s.count(t, "holdfast_request_failures_total", string(ChannelDenied)); n != 2 {
		t.Errorf("%v failures are counted", n)
	}
	if got := s.logged(ChannelDenied); !strings.Contains(got, `channel "p:bad" is not allowed (channels.allow)`) {
		t.Errorf("logged %s", got)
	}
}

func TestAWebSocketIsNotSubscribedToADeniedChannel(t *testing.T) {
	origin := socketOrigin(t, "grip", func(c *websocket.Conn) {
		say(t, c, subscribe)
		echo(c, "m:")
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.Channels.Deny = []string{"c*"} }))
	s.openSocket(t).wantClose(websocket.StatusInternalError, "bad instruction of the origin")
	s.waitCount(t, "holdfast_request_failures_total", string(ChannelDenied))
}
