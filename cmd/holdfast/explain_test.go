package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestExplainShowsWhatServeWouldDo(t *testing.T) {
	origin := startOrigin(t, holding())
	file := writeConfig(t, `
routes:
  - {name: api, host: api.example, path_prefix: /v1, rewrite_prefix: /, channel_prefix: "a:", origins: ["`+origin+`"]}
grip: {sig_key: "a key of at least thirty-two bytes"}
`)
	got := command(t.Context(), "", "explain", "--config", file, "http://api.example/v1/stream?channel=x", "-H", "Accept: text/event-stream")
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{
		"  name            api\n", "    GET /stream?channel=x HTTP/1.1\n", "    Grip-Sig: ey", "  channel         x\n",
		"  channel         a:x\n", "an event stream\n", `":\n\n" every 20s (idle)`, "    : welcome\n", "Findings\n  none\n",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, got.stdout)
		}
	}
}

func TestExplainInJSONCanBeRead(t *testing.T) {
	origin := startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Hold", "streem")
	}))
	got := command(t.Context(), "", "explain", "--origin", origin, "--method", "POST", "--json", "http://a.example/")
	var report struct {
		Request  struct{ Method string }
		Failure  struct{ Reason string }
		Findings []struct {
			Mistake         bool
			Problem, Remedy string
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	if got.code != exitOK || report.Request.Method != "POST" || report.Failure.Reason != "bad_instruction" ||
		len(report.Findings) != 1 || !strings.Contains(report.Findings[0].Remedy, "Grip-Hold: stream") {
		t.Errorf("%+v", report)
	}
}

func TestExplainRefusesWhatItCannotAsk(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no origin", []string{"http://a/"}, "origin: is empty"},
		{"no URL", []string{"--origin", "http://a", "a/x"}, "is not a URL with http or https"},
		{"a header that is none", []string{"--origin", "http://a", "-H", "x", "http://a/"}, "is not a header"},
		{"a file that is not there", []string{"--config", "absent.yaml", "http://a/"}, "absent.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := command(t.Context(), "", append([]string{"explain"}, tt.args...)...)
			if got.code != exitFailure || !strings.Contains(got.stderr, tt.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}
