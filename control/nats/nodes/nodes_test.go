package nodes_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

// ways are the kinds of NATS.
var ways = map[string]func(testing.TB) nats.Access{"core NATS": overCore, "an embedded server": overEmbedded}

func TestWhatAllNodesAnswerIsAddedUp(t *testing.T) {
	for name, way := range ways {
		t.Run("over "+name, func(t *testing.T) {
			access := way(t)
			a, b, c := start(t, access, "a", nil), start(t, access, "b", nil), start(t, access, "c", nil)
			a.follow("news", "user-1")
			b.follow("news")
			b.follow("user-2")
			c.follow("news", "other")
			for _, n := range []*node{a, b, c} {
				n.awaits(2)
				addedUp(t, n)
			}
		})
	}
}

// addedUp asks n for what TestWhatAllNodesAnswerIsAddedUp has made.
func addedUp(t *testing.T, n *node) {
	t.Helper()
	answer := n.ask(roll.Question{Limit: 10})
	page, next := roll.Merge(answer.Reports, 10)
	want := []roll.Channel{{Name: "news", Subscribers: 3}, {Name: "other", Subscribers: 1}, {Name: "user-1", Subscribers: 1}, {Name: "user-2", Subscribers: 1}}
	if diff := cmp.Diff(want, page); diff != "" || next != "" || answer.Missing != nil {
		t.Errorf("next %q, missing %v, page %s", next, answer.Missing, diff)
	}
	var who []roll.Node
	for _, r := range answer.Reports {
		who = append(who, r.Node)
	}
	nodes := []roll.Node{{Name: "a", Channels: 2, Subscribers: 2}, {Name: "b", Channels: 2, Subscribers: 2}, {Name: "c", Channels: 2, Subscribers: 2}}
	if diff := cmp.Diff(nodes, who); diff != "" {
		t.Error(diff)
	}
	one, _ := roll.Merge(n.ask(roll.Question{Channel: "news"}).Reports, 1)
	if diff := cmp.Diff(want[:1], one); diff != "" {
		t.Error(diff)
	}
}

func TestANodeThatDoesNotAnswerIsNamed(t *testing.T) {
	access := overEmbedded(t)
	hang := make(chan struct{})
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	start(t, access, "c", func() { <-hang })
	b.follow("news")
	a.awaits(2) // by questions for one channel, which c answers
	answer := a.ask(roll.Question{Limit: 10})
	if len(answer.Reports) != 2 || !slices.Equal(answer.Missing, []string{"c"}) {
		t.Errorf("%+v", answer)
	}
	close(hang)
	eventually(t, "it answers again", func() bool { return a.ask(roll.Question{Limit: 10}).Missing == nil })
}

func TestANodeThatHasLeftInPeaceIsNotMissed(t *testing.T) {
	access := overCore(t)
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	a.awaits(1)
	b.leave()
	a.awaits(0)
}

// TestANodeThatIsGoneWithoutGoodbyeIsMissed, and one that was started again is not.
func TestANodeThatIsGoneWithoutGoodbyeIsMissed(t *testing.T) {
	access := overCore(t)
	a := start(t, access, "a", nil)
	connect(t, access).Publish("_holdfast.nodes.here", []byte(`{"node":"b","id":"killed"}`))
	eventually(t, "it is known", func() bool { return slices.Equal(a.ask(roll.Question{Channel: "x"}).Missing, []string{"b"}) })
	start(t, access, "b", nil)
	a.awaits(1)
}

func TestAPageFitsIntoAMessage(t *testing.T) {
	access := nats.Access{Servers: []string{natstest.Start(t, func(o *server.Options) { o.MaxPayload = 4 << 10 }).URL}}
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	var want, got []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("%s-%03d", strings.Repeat("n", 200), i))
		b.follow(want[i])
	}
	a.awaits(1)
	q := roll.Question{Limit: 1000}
	for more := true; more; more = q.After != "" {
		var page []roll.Channel
		page, q.After = roll.Merge(a.ask(q).Reports, q.Limit)
		for _, c := range page {
			got = append(got, c.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNodesFindEachOtherAgainWhenNATSIsBack(t *testing.T) {
	broker := natstest.Start(t)
	access := nats.Access{Servers: []string{broker.URL}}
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	a.awaits(1)
	broker.Stop()
	var why roll.Unreachable
	eventually(t, "it cannot ask", func() bool {
		_, err := a.Ask(t.Context(), roll.Question{})
		return errors.As(err, &why)
	})
	if why != "nats: not connected" {
		t.Errorf("it says %q", why)
	}
	broker.Restart()
	for _, n := range []*node{a, b} {
		eventually(t, "it is connected again", func() bool {
			answer, err := n.Ask(t.Context(), roll.Question{})
			return err == nil && len(answer.Reports) == 2
		})
	}
}

func TestTwoNodesOfOneNameAreLogged(t *testing.T) {
	access := overCore(t)
	first, _ := start(t, access, "a", nil), start(t, access, "a", nil)
	eventually(t, "it is logged", func() bool { return first.logs.FilterMessage("another node has the name of this one").Len() == 1 })
}

// TestNothingThatIsSentStopsANode: whoever may send to nodes, may be of another
// version, or broken.
func TestNothingThatIsSentStopsANode(t *testing.T) {
	access := overCore(t)
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	nc := connect(t, access)
	trap, err := nc.SubscribeSync("_holdfast.live.>")
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{"", "{", "null", `[]`, `{"node":""}`, `{"node":"` + strings.Repeat("n", 256) + `"}`, `{"limit":-1,"id":1}`} {
		nc.Publish("_holdfast.nodes.here", []byte(payload))
		nc.Publish("_holdfast.nodes.ask", []byte(payload))
	}
	nc.PublishRequest("_holdfast.nodes.ask", "_holdfast.live.channels.a", []byte(`{"limit":1}`))
	for range 3 {
		m, err := nc.Request("_holdfast.nodes.ask", []byte(`{"limit":1000000000}`), goodTime)
		if err != nil || !strings.Contains(string(m.Data), `"page":[]`) {
			t.Errorf("%v: %s", err, m.Data)
		}
	}
	a.awaits(1)
	b.awaits(1)
	if n, _, _ := trap.Pending(); n > 0 {
		t.Error("an answer went where stored messages go")
	}
}

func TestQuestionsMayBeAskedByManyAtOnce(t *testing.T) {
	access := overCore(t)
	a, b := start(t, access, "a", nil), start(t, access, "b", nil)
	b.follow("news")
	a.awaits(1)
	b.awaits(1)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			n := []*node{a, b}[i%2]
			answer, err := n.Ask(t.Context(), roll.Question{Limit: 1})
			if err != nil || len(answer.Reports) != 2 {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
	all.Wait()
}

func TestAPrefixThatIsNoSubjectIsRefused(t *testing.T) {
	if _, err := nodes.New(nodes.Options{Prefix: "a.>"}); err == nil {
		t.Error("taken")
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	allowed := []string{"_holdfast.nodes.>", "_INBOX.>"}
	for _, right := range nodes.Rights(nats.DefaultPrefix) {
		t.Run(string(right.Verb)+" "+right.Subject, func(t *testing.T) {
			permissions := map[nats.Verb][]string{nats.Publish: allowed, nats.Subscribe: allowed}
			permissions[right.Verb] = slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == right.Subject })
			user := &server.User{Username: "u", Password: "p", Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: permissions[nats.Publish]},
				Subscribe: &server.SubjectPermission{Allow: permissions[nats.Subscribe]},
			}}
			broker := natstest.Start(t, func(o *server.Options) { o.Users = []*server.User{user} })
			n := newNode(t, nats.Access{Servers: []string{broker.URL}, User: "u", Password: "p"}, "a", nil)
			want := "nats: not allowed to " + string(right.Verb) + " to " + right.Subject
			eventually(t, want, func() bool {
				_, err := n.Ask(t.Context(), roll.Question{Channel: "x"})
				return err != nil && strings.HasPrefix(err.Error(), want)
			})
		})
	}
}
