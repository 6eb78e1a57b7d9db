package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// asked answers every question about streams alike, and remembers the last one.
type asked struct {
	answer live.Answer
	err    error
	last   *live.Question
}

func (a asked) AskLive(_ context.Context, q live.Question) (live.Answer, error) {
	*a.last = q
	return a.answer, a.err
}

// nodesSay is an env whose nodes answer so, and what they were asked last.
func nodesSay(t testing.TB, answer live.Answer, err error) (*env, *live.Question) {
	last := new(live.Question)
	return newEnv(t, func(o *control.Options) { o.Streams = asked{answer, err, last} }), last
}

// report is what node one says.
func report(edit func(*live.Report)) live.Answer {
	r := live.Report{Node: "one"}
	edit(&r)
	return live.Answer{Reports: []live.Report{r}}
}

var since = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func aStream(id live.ID) live.Stream {
	return live.Stream{ID: id, Node: "one", Route: "api", Protocol: "http/1.1", Since: since, Age: 3, Channels: []string{"a"}, Behind: 2}
}

func TestStreamsAreListedInPages(t *testing.T) {
	const stream = `{"id":"%016x","node":"one","route":"api","protocol":"http/1.1","since":"2026-01-02T03:04:05Z","age":3,"channels":["a"],"behind":2}`
	answer := report(func(r *live.Report) { r.Streams = []live.Stream{aStream(7), aStream(8), aStream(9)} })
	answer.Reports = append(answer.Reports, live.Report{Node: "two", Problem: "old"})
	answer.Missing = []string{"three"}
	e, last := nodesSay(t, answer, nil)
	const who = `"nodes":["one","two"],"missing":["three"],"problems":{"two":"old"}}` + "\n"
	request{method: "GET", path: "/streams", status: 200, answer: fmt.Sprintf(`{"limit":100,"streams":[`+stream+","+stream+","+stream+"],"+who, 7, 8, 9)}.check(t, e)
	if diff := cmp.Diff(live.Question{Op: live.List, Limit: 100}, *last); diff != "" {
		t.Error(diff)
	}
	path := "/streams?limit=2&after=0000000000000006&user=u&token_id=t&channel=c&route=r&meta.tier=free&meta.x="
	request{method: "GET", path: path, status: 200, answer: fmt.Sprintf(`{"limit":2,"next":"0000000000000008","streams":[`+stream+","+stream+"],"+who, 7, 8)}.check(t, e)
	rule := barred.Rule{User: "u", TokenID: "t", Channel: "c", Route: "r", Meta: map[string]string{"tier": "free", "x": ""}}
	if diff := cmp.Diff(live.Question{Op: live.List, Limit: 2, After: 6, Rule: rule}, *last); diff != "" {
		t.Error(diff)
	}
}

func TestNoStreamsAreAnEmptyPage(t *testing.T) {
	request{method: "GET", path: "/streams", status: 200, answer: `{"limit":100,"streams":[],"nodes":["one"],"missing":[]}` + "\n"}.check(t, newEnv(t))
}

func TestAStreamIsEnded(t *testing.T) {
	const path = "/streams/00000000000000ff"
	tests := []struct {
		name   string
		answer live.Answer
		accept string
		status int
		want   string
	}{
		{"there is one", report(func(r *live.Report) { r.Ended = 1 }), "text/plain", 200, "Ended\n"},
		{"there is one, told in JSON", report(func(r *live.Report) { r.Ended = 1 }), "application/json", 200, `{"message":"Ended","nodes":["one"],"missing":[]}` + "\n"},
		{"there is none", report(func(*live.Report) {}), "text/plain", 404, "No stream 00000000000000ff is held.\n"},
		{"there may be one on a node that is missing", live.Answer{Missing: []string{"two"}}, "text/plain", 503, "No node that answers holds 00000000000000ff; two does not answer.\n"},
		{"there may be one on a node that is old", report(func(r *live.Report) { r.Problem = "old" }), "text/plain", 503, "No node that answers holds 00000000000000ff; one: old.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, last := nodesSay(t, tt.answer, nil)
			request{method: "DELETE", path: path, header: accepts(tt.accept), status: tt.status, answer: tt.want}.check(t, e)
			if diff := cmp.Diff(live.Question{Op: live.End, ID: 255}, *last); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsWrongWithAQuestionAboutStreamsIsSaid(t *testing.T) {
	e := newEnv(t)
	const id = "a stream's id is 16 hexadecimal digits.\n"
	for path, want := range map[string]string{
		"/streams?after=1":           `Parameter "after": ` + id,
		"/streams?limit=1001":        "Parameter \"limit\" must be a whole number from 1 to 1000.\n",
		"/streams?user=":             "Parameter \"user\" is empty.\n",
		"/streams?user=a&user=b":     "Parameter \"user\" is given 2 times.\n",
		"/streams?meta.a=1&meta.a=2": "Parameter \"meta.a\" is given 2 times.\n",
		"/streams?meta.=1":           "Unknown parameter \"meta.\"; there are: after, channel, limit, route, scope, token_id, user.\n",
		"/streams?usr=a":             "Unknown parameter \"usr\"; there are: after, channel, limit, route, scope, token_id, user.\n",
		"/streams?scope=all":         "Parameter \"scope\" must be node or cluster.\n",
	} {
		request{method: "GET", path: path, status: 400, answer: want}.check(t, e)
	}
	request{method: "DELETE", path: "/streams/1", status: 400, answer: `"1": ` + id}.check(t, e)
	request{method: "DELETE", path: "/streams/00000000000000ff?force=1", status: 400, answer: "Unknown parameter \"force\"; there are: scope.\n"}.check(t, e)
	request{method: "POST", path: "/revoke?user=a", body: "{}", status: 400, answer: "Unknown parameter \"user\"; there are: scope.\n"}.check(t, e)
	request{method: "POST", path: "/revoke?scope=all", body: `{"user":"a"}`, status: 400, answer: "Parameter \"scope\" must be node or cluster.\n"}.check(t, e)
	request{method: "GET", path: "/revoke", status: 405, answer: "*"}.check(t, e)
}

// While other nodes cannot be asked, nothing is done by halves; this node alone can be
// asked all the same.
func TestOneNodeIsAskedAboutItsStreamsAlone(t *testing.T) {
	const refusal = "The other nodes cannot be asked: nats: not connected. This one alone is asked with scope=node.\n"
	e, _ := nodesSay(t, live.Answer{}, fmt.Errorf("ask: %w", roll.Unreachable("nats: not connected")))
	for _, q := range []request{
		{method: "GET", path: "/streams"}, {method: "DELETE", path: "/streams/00000000000000ff"},
		{method: "POST", path: "/revoke", body: `{"user":"alice"}`},
	} {
		q.status, q.answer = 503, refusal
		if got := q.check(t, e).Header().Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After: %q", got)
		}
		q.path, q.status, q.answer = q.path+"?scope=node", 200, "*"
		if q.method == "DELETE" {
			q.status = 404
		}
		q.check(t, e)
	}
}

// kept is a node's keeper without streams.
type kept struct{}

func (kept) Streams(context.Context, live.Question) ([]live.Stream, bool) { return nil, false }
func (kept) End(uint64) bool                                              { return false }
func (kept) Revoke(live.Question) (ended, checked int, err error)         { return 0, 0, nil }
func (kept) Renew(context.Context, []byte) string                         { return "" }

// revoking is the question that a body asks.
func revoking(rule barred.Rule, a live.Action, length time.Duration) live.Question {
	return live.Question{Op: live.Revoke, Rule: rule, Action: a, For: length}
}

func TestARevocationIsReadStrictly(t *testing.T) {
	alice := barred.Rule{User: "alice"}
	tests := map[string]live.Question{
		`{"user":"alice"}`:                   revoking(alice, live.Bar, time.Hour),
		`{"user":"alice","for":"90s"}`:       revoking(alice, live.Bar, 90*time.Second),
		`{"user":"alice","for":"0s"}`:        revoking(alice, live.Bar, 0),
		`{"user":"alice","for":"720h"}`:      revoking(alice, live.Bar, 720*time.Hour),
		`{"user":"alice","action":"end"}`:    revoking(alice, live.Bar, time.Hour),
		`{"meta":{"A":"1","a":"2"}}`:         revoking(barred.Rule{Meta: map[string]string{"A": "1", "a": "2"}}, live.Bar, time.Hour),
		`{"action":"recheck","route":"api"}`: revoking(barred.Rule{Route: "api"}, live.Recheck, 0),
		`{"user":"u","token_id":"t","channel":"c","route":"r","meta":{"a":"","b":"1"}}`: revoking(barred.Rule{
			User: "u", TokenID: "t", Channel: "c", Route: "r", Meta: map[string]string{"a": "", "b": "1"}}, live.Bar, time.Hour),
	}
	for body, want := range tests {
		e, last := nodesSay(t, report(func(r *live.Report) { r.Ended, r.Checked = 2, 1 }), nil)
		request{method: "POST", path: "/revoke", body: body, status: 200, answer: "Ended 2, checking 1\n"}.check(t, e)
		if diff := cmp.Diff(want, *last); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestWhatIsWrongWithARevocationIsSaidAndNothingDone(t *testing.T) {
	long := strings.Repeat("x", barred.MaxText+1)
	pairs := make([]string, barred.MaxMeta+1)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`"%d":""`, i)
	}
	const empty, unread = "is empty; leave it out if it does not matter.\n", "The body is not a revocation: "
	const nobody = "The body does not say who is meant: "
	const null, twice = "is null; leave it out if it does not matter.\n", "is there twice; say it once.\n"
	tests := map[string]string{
		``:                              unread + "it is empty.\n",
		`{`:                             unread + "unexpected EOF.\n",
		`[]`:                            "*",
		`{"user":"a"} {}`:               unread + "something follows the JSON object.\n",
		`{"usr":"a","route":"api"}`:     unread + "\"usr\" is not known; there are: user, token_id, channel, route, meta, action, for.\n",
		`{"user":7}`:                    "*",
		`null`:                          nobody + "name at least one of user, token_id, channel, route or meta.\n",
		`{}`:                            nobody + "name at least one of user, token_id, channel, route or meta.\n",
		`{"user":"","route":"api"}`:     `"user" ` + empty,
		`{"channel":"","route":"api"}`:  `"channel" ` + empty,
		`{"meta":{},"route":"api"}`:     `"meta" ` + empty,
		`{"user":"` + long + `"}`:       nobody + "each name and value may have 1024 bytes at most.\n",
		`{"meta":{"a":"` + long + `"}}`: nobody + "each name and value may have 1024 bytes at most.\n",
		`{"meta":{` + strings.Join(pairs, ",") + `}}`: nobody + "meta may have 16 pairs at most.\n",
		`{"user":"a","action":"freeze"}`:              "The action \"freeze\" is not known; write \"end\" or \"recheck\".\n",
		`{"user":"a","action":""}`:                    "The action \"\" is not known; write \"end\" or \"recheck\".\n",
		`{"user":"a","action":"recheck","for":"1h"}`:  "Nobody is turned away by the action \"recheck\": leave \"for\" out.\n",
		`{"user":"a","for":"1 hour"}`:                 "\"for\" must be a duration from 0s to 720h, as in 90s or 1h, not \"1 hour\".\n",
		`{"user":"a","for":"-1s"}`:                    "\"for\" must be a duration from 0s to 720h, as in 90s or 1h, not \"-1s\".\n",
		`{"user":"a","for":"720h1s"}`:                 "\"for\" must be a duration from 0s to 720h, as in 90s or 1h, not \"720h1s\".\n",
		`{"user":"a","for":3600}`:                     "*",

		// A member that a script leaves null, or writes twice, must not widen the rule.
		`{"user":null,"route":"api"}`:               unread + `"user" ` + null,
		`{"user":"alice","channel":null}`:           unread + `"channel" ` + null,
		`{"token_id": null ,"route":"api"}`:         unread + `"token_id" ` + null,
		`{"user":"a","route":null}`:                 unread + `"route" ` + null,
		`{"meta":null,"route":"api"}`:               unread + `"meta" ` + null,
		`{"meta":{"tier":null}}`:                    unread + `in "meta": "tier" ` + null,
		`{"user":"a","action":null}`:                unread + `"action" ` + null,
		`{"user":"a","for":null}`:                   unread + `"for" ` + null,
		`{"user":"a","user":"b"}`:                   unread + `"user" ` + twice,
		`{"user":"a","user":null,"route":"r"}`:      unread + `"user" ` + twice,
		`{"user":"a","\u0075ser":"b"}`:              unread + `"user" ` + twice,
		`{"meta":{"a":"1","a":"2"}}`:                unread + `in "meta": "a" ` + twice,
		`{"User":"a","user":null,"route":"r"}`:      unread + "\"User\" must be written \"user\".\n",
		`{"user":"a","CHANNEL":"b"}`:                unread + "\"CHANNEL\" must be written \"channel\".\n",
		`{"u\u017fer":"a"}`:                         unread + "\"uſer\" must be written \"user\".\n",
		`{"user":"a","meta":{"A":"1","a":null}}`:    unread + `in "meta": "a" ` + null,
		`{"user":"a","meta":{"a":{"b":1,"b":2}}}`:   "*",
		`{"user":"a","meta":["a",{"b":1}],"for":7}`: "*",
	}
	for body, want := range tests {
		e, last := nodesSay(t, live.Answer{}, nil)
		request{method: "POST", path: "/revoke", body: body, status: 400, answer: want}.check(t, e)
		if last.Op != "" {
			t.Errorf("%s: nodes are asked %+v", body, last)
		}
	}
}

func TestARevocationThatIsNotDoneEverywhereSaysWhere(t *testing.T) {
	answer := live.Answer{Missing: []string{"three", "four"}, Reports: []live.Report{
		{Node: "one", Ended: 2}, {Node: "two", Problem: "as many clients are barred as can be"},
	}}
	e, _ := nodesSay(t, answer, nil)
	const message = "Ended 2, checking 0, but not everywhere; three does not answer; four does not answer; two: as many clients are barred as can be"
	q := request{method: "POST", path: "/revoke", body: `{"user":"a"}`, status: 502, answer: message + "\n"}
	q.check(t, e)
	q.header = accepts("application/json")
	q.answer = `{"message":"` + message + `","ended":2,"checked":0,"nodes":["one","two"],"missing":["three","four"],` +
		`"problems":{"two":"as many clients are barred as can be"}}` + "\n"
	q.check(t, e)
}

// FuzzRevoke sends arbitrary bodies: who is meant is always somebody, for a time that
// may be, or else nobody is asked.
func FuzzRevoke(f *testing.F) {
	for _, body := range []string{
		`{"user":"alice"}`, `{"user":"alice","for":"90s"}`, `{"meta":{"a":"b"},"action":"recheck"}`, `{"user":""}`, `{}`, "null", "[", `{"for":"-1h"}`,
		`{"User":"a","user":"b"}`, `{"user":"a","for":"1e9h"}`, `{"user":"a"}x`,
	} {
		f.Add(body)
	}
	e, last := nodesSay(f, report(func(*live.Report) {}), nil)
	f.Fuzz(func(t *testing.T, body string) {
		*last = live.Question{}
		w := request{method: "POST", path: "/revoke", body: body}.do(e)
		switch w.Code {
		case 200:
			if err := last.Rule.Check(); err != nil || last.For < 0 || last.For > 720*time.Hour || !slices.Contains(live.Actions(), last.Action) {
				t.Errorf("%q asks %+v (%v)", body, last, err)
			}
		case 400:
			if last.Op != "" || strings.Count(w.Body.String(), "\n") != 1 {
				t.Errorf("%q: %q, and nodes are asked %+v", body, w.Body, last)
			}
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// What is held names channels, and a rule ends streams of any: neither is for a token that
// is for some channels only.
func TestATokenForSomeChannelsNeitherSeesNorEndsStreams(t *testing.T) {
	last := new(live.Question)
	e := newEnv(t, withAccess(
		access.Terms{Name: "bound", Rights: access.All, Channels: only(t, "a", "b*")},
		access.Terms{Name: "free", Rights: access.All}, access.Terms{Name: "all", Rights: access.All, Channels: only(t, "a", "*")}),
		func(o *control.Options) { o.Streams = asked{last: last} })
	for _, q := range []request{
		{method: "GET", path: "/streams"},
		{method: "GET", path: "/streams?channel=a"},
		{method: "DELETE", path: "/streams/00000000000000ff"},
		{method: "POST", path: "/revoke", body: `{"user":"alice"}`},
		{method: "POST", path: "/revoke", body: `{"channel":"a"}`},
	} {
		q.header, q.status, q.answer = bearer("bound"), 403, "The token is for some channels only, and this is about all.\n"
		q.check(t, e)
		if last.Op != "" {
			t.Errorf("%s %s was done", q.method, q.path)
		}
	}
	for _, token := range []string{"free", "all"} {
		request{method: "GET", path: "/streams", header: bearer(token), status: 200, answer: "*"}.check(t, e)
	}
}
