package control_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

// cluster answers every question alike.
type cluster struct {
	answer roll.Answer
	err    error
}

func (c cluster) Ask(context.Context, roll.Question) (roll.Answer, error) { return c.answer, c.err }

func asking(c cluster) func(*control.Options) {
	return func(o *control.Options) { o.Cluster = c }
}

func TestANodeWithoutOthersIsAClusterOfOne(t *testing.T) {
	e := newEnv(t)
	e.follow(t, "a")
	e.follow(t, "b")
	for path, want := range map[string]string{
		"/channels?scope=cluster&prefix=x": `{"limit":100,"channels":[],"nodes":[{"name":"one","channels":0,"subscribers":0}],"missing":[]}`,
		"/channels?scope=cluster&limit=1": `{"limit":1,"next":"a","channels":[{"name":"a","subscribers":1,"entries":0,"bytes":0}],` +
			`"nodes":[{"name":"one","channels":2,"subscribers":2}],"missing":[]}`,
		"/channels?scope=cluster&limit=1&after=a": `{"limit":1,"channels":[{"name":"b","subscribers":1,"entries":0,"bytes":0}],` +
			`"nodes":[{"name":"one","channels":2,"subscribers":2}],"missing":[]}`,
		"/channels/a?scope=cluster": `{"name":"a","subscribers":1,"entries":0,"bytes":0,"nodes":[{"name":"one","channels":1,"subscribers":1}],"missing":[]}`,
		"/channels/a?scope=node":    `{"name":"a","subscribers":1,"entries":0,"bytes":0}`,
	} {
		request{method: "GET", path: path, status: 200, answer: want + "\n"}.check(t, e)
	}
}

func TestAChannelThatNobodyKnowsIsNotDeniedWhileANodeIsMissing(t *testing.T) {
	one := roll.Report{Node: roll.Node{Name: "one"}}
	q := request{method: "GET", path: "/channels/a?scope=cluster"}
	q.status, q.answer = 404, "Channel \"a\" has no subscribers and no entries.\n"
	q.check(t, newEnv(t, asking(cluster{answer: roll.Answer{Reports: []roll.Report{one}}})))
	q.status = 200
	q.answer = `{"name":"a","subscribers":0,"entries":0,"bytes":0,"nodes":[{"name":"one","channels":0,"subscribers":0}],"missing":["two"]}` + "\n"
	q.check(t, newEnv(t, asking(cluster{answer: roll.Answer{Reports: []roll.Report{one}, Missing: []string{"two"}}})))
}

func TestOtherNodesThatCannotBeAskedAreUnavailable(t *testing.T) {
	e := newEnv(t, asking(cluster{err: fmt.Errorf("ask: %w", roll.Unreachable("nats: not connected"))}))
	for _, path := range []string{"/channels?scope=cluster", "/channels/a?scope=cluster"} {
		w := request{method: "GET", path: path, status: 503, answer: "The other nodes cannot be asked: nats: not connected. This one alone is asked with scope=node.\n"}.check(t, e)
		if got := w.Header().Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After: %q", got)
		}
	}
}

func TestTheScopeIsChecked(t *testing.T) {
	const scopes = "Parameter \"scope\" must be node or cluster.\n"
	e := newEnv(t)
	for path, want := range map[string]string{
		"/channels?scope=all":                   scopes,
		"/channels?scope=":                      scopes,
		"/channels/a?scope=all":                 scopes,
		"/channels?scope=cluster&scope=cluster": "Parameter \"scope\" is given 2 times.\n",
		"/channels?scope=cluster&offset=1":      "Unknown parameter \"offset\"; there are: after, limit, prefix, scope.\n",
		"/channels?scope=node&after=a":          "Unknown parameter \"after\"; there are: limit, offset, prefix, scope.\n",
		"/channels?scope=cluster&limit=0":       "Parameter \"limit\" must be a whole number from 1 to 1000.\n",
		"/channels/a?scope=cluster&limit=1":     "Unknown parameter \"limit\"; there are: scope.\n",
	} {
		request{method: "GET", path: path, status: 400, answer: want}.check(t, e)
	}
}
