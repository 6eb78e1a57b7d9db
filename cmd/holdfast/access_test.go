package main

import (
	"strings"
	"testing"
)

func TestTheCheckFindsATokenThatStandsForTwo(t *testing.T) {
	tokens := writeConfig(t, "one\ntwo\n")
	file := writeConfig(t, `origin: http://a
control:
  tokens: [two]
  access:
    - {name: billing, token: "file:`+tokens+`", rights: [publish]}
`)
	got := command(t.Context(), "", "config", "check", file)
	if got.code != exitFailure || !strings.Contains(got.stderr, "control.access: a token of billing is also one of control.tokens") {
		t.Errorf("%+v", got)
	}
}

func TestTokensOfAccessMayWhatTheyAreConfiguredFor(t *testing.T) {
	s := startServer(t, `origin: http://127.0.0.1:1
control:
  access:
    - {name: billing, token: "file:`+writeConfig(t, "old\nnew\n")+`", rights: [publish], channels: [user-*], rate: 1, burst: 2}
    - {name: dashboard, token: look, rights: [read]}
`)
	tests := []struct {
		name, token, method, path string
		status                    int
	}{
		{"nobody", "", "GET", "/channels", 401},
		{"nobody who asks for health", "", "GET", "/healthz", 200},
		{"a publisher", "old", "POST", "/channels/user-1", 200},
		{"the same with its new token", "new", "POST", "/channels/user-1", 200},
		{"a publisher elsewhere", "new", "POST", "/channels/news", 403},
		{"a publisher who looks", "new", "GET", "/channels", 403},
		{"a reader", "look", "GET", "/channels", 200},
		{"a reader who publishes", "look", "POST", "/channels/user-1", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.token = tt.token
			status, answer, err := s.control(tt.method, tt.path, "x")
			if err != nil || status != tt.status {
				t.Errorf("%d %s, %v", status, answer, err)
			}
		})
	}
	const items = `{"items":[{"channel":"user-1","sse":{"data":1}},{"channel":"user-1","sse":{"data":2}},{"channel":"user-1","sse":{"data":3}}]}`
	s.token = "old"
	if status, answer, err := s.control("POST", "/publish/", items); err != nil || status != 413 {
		t.Errorf("more than the burst: %d %s, %v", status, answer, err)
	}
}
