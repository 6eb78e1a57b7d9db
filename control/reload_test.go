package control_test

import (
	"errors"
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

func reloading(out reload.Outcome, err error) func(*control.Options) {
	return func(o *control.Options) {
		o.Reload = func() (reload.Outcome, error) { return out, err }
	}
}

func TestReloadSaysWhatCameOfIt(t *testing.T) {
	tests := []struct {
		name       string
		out        reload.Outcome
		err        error
		status     int
		text, json string
	}{
		{
			"what has changed", reload.Outcome{Changed: []string{"routes", "log.level"}}, nil, 200,
			"Reloaded: routes, log.level\n", `{"message":"Reloaded","changed":["routes","log.level"],"restart":[]}`,
		},
		{
			"what needs a restart", reload.Outcome{Changed: []string{"routes"}, Restart: []string{"listen", "nats.url"}}, nil, 200,
			"Reloaded: routes\nNeeds a restart: listen, nats.url\n", `{"message":"Reloaded","changed":["routes"],"restart":["listen","nats.url"]}`,
		},
		{
			"nothing to apply", reload.Outcome{}, nil, 200,
			"Nothing to apply\n", `{"message":"Nothing to apply","changed":[],"restart":[]}`,
		},
		{
			"everything that is wrong", reload.Outcome{}, errors.Join(errors.New("a: is empty"), errors.New("b: is 0")), 422,
			"The configuration is refused, the one before stays:\n  a: is empty\n  b: is 0\n",
			`{"message":"The configuration is refused, the one before stays","problems":["a: is empty","b: is 0"]}`,
		},
		{
			"the process is ending", reload.Outcome{}, reload.ErrEnding, 503,
			"The process is ending.\n", `{"message":"The process is ending."}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t, reloading(tt.out, tt.err))
			request{method: "POST", path: "/reload", status: tt.status, answer: tt.text}.check(t, e)
			request{method: "POST", path: "/reload/", header: accepts("application/json"), status: tt.status, answer: tt.json + "\n"}.check(t, e)
		})
	}
}

func TestReloadNeedsATokenWhereOneIsConfigured(t *testing.T) {
	e := newEnv(t, withTokens("secret"), reloading(reload.Outcome{}, nil))
	request{method: "POST", path: "/reload", status: 401, answer: "*"}.check(t, e)
}

func TestWithoutSettingsToReadAgainThereIsNoReload(t *testing.T) {
	request{method: "POST", path: "/reload", status: 404, answer: "*"}.check(t, newEnv(t))
}
