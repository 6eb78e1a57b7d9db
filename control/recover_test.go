package control_test

import (
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
)

// T44, of which the proxy does the rest.
func TestRecoverHasStreamsAskTheirOrigins(t *testing.T) {
	asked := 0
	e := newEnv(t, func(o *control.Options) { o.Recover = func() { asked++ } })
	request{method: "POST", path: "/recover/", status: 200, answer: "Updated\n"}.check(t, e)
	request{method: "GET", path: "/recover/", status: 405, answer: "Method not allowed: GET.\n"}.check(t, e)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
