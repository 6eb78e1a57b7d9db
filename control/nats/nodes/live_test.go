package nodes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// keeper has streams that are nothing but ids.
type keeper struct {
	mu      sync.Mutex
	ids     []live.ID // in order
	revoked []live.Question
	full    bool
	renews  func(renewal string) string
	hang    chan struct{} // unless nil, a revocation lasts until it is closed
}

func (k *keeper) Streams(_ context.Context, q live.Question) (page []live.Stream, more bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range k.ids {
		if uint64(id) <= q.After {
			continue
		}
		if len(page) == q.Limit {
			return page, true
		}
		page = append(page, live.Stream{ID: id, Channels: []string{strings.Repeat("c", 200)}})
	}
	return page, false
}

func (k *keeper) End(id uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.Index(k.ids, live.ID(id))
	if i < 0 {
		return false
	}
	k.ids = slices.Delete(k.ids, i, i+1)
	return true
}

func (k *keeper) Renew(_ context.Context, renewal []byte) string {
	if k.renews != nil {
		return k.renews(string(renewal))
	}
	return ""
}

func (k *keeper) Revoke(q live.Question) (ended, checked int, err error) {
	if k.hang != nil {
		<-k.hang
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.full {
		return 0, 0, errors.New("full")
	}
	k.revoked = append(k.revoked, q)
	ended, k.ids = len(k.ids), nil
	return ended, 0, nil
}

// holding starts nodes that hold ids 1 to n in turn, and returns when they know each
// other.
func holding(t *testing.T, access nats.Access, n int, names ...string) []*node {
	t.Helper()
	var all []*node
	for _, name := range names {
		all = append(all, start(t, access, name, nil))
	}
	for i := range n {
		k := all[i%len(all)].keeps
		k.ids = append(k.ids, live.ID(i+1))
	}
	for _, one := range all {
		one.awaits(len(all) - 1)
	}
	return all
}

// askLive asks all nodes about their streams.
func (n *node) askLive(q live.Question) live.Answer {
	n.t.Helper()
	a, err := n.AskLive(n.t.Context(), q)
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// told is what an answer says, but for streams.
func told(a live.Answer) (s string) {
	for _, r := range a.Reports {
		s += fmt.Sprintf("%s:%d %s ", r.Node, r.Ended, r.Problem)
	}
	return s + strings.Join(a.Missing, " ")
}

// TestStreamsOfAllNodesAreListedInPages, also where a page is more than fits into a
// message.
func TestStreamsOfAllNodesAreListedInPages(t *testing.T) {
	access := nats.Access{Servers: []string{natstest.Start(t, func(o *server.Options) { o.MaxPayload = 4 << 10 }).URL}}
	nodes := holding(t, access, 200, "a", "b", "c")
	for _, limit := range []int{7, 1000} {
		got := live.ID(0)
		for q := (live.Question{Op: live.List, Limit: limit}); ; {
			answer := nodes[1].askLive(q)
			page, next := live.Merge(answer.Reports, limit)
			for _, s := range page {
				if got++; s.ID != got || s.Node != []string{"a", "b", "c"}[(got-1)%3] {
					t.Fatalf("got %v of %q, want %v", s.ID, s.Node, got)
				}
			}
			if next == 0 {
				break
			}
			q.After = uint64(next)
		}
		if got != 200 {
			t.Errorf("%d streams, want 200", got)
		}
	}
}

func TestAStreamIsEndedWhereverItIs(t *testing.T) {
	nodes := holding(t, overEmbedded(t), 3, "a", "b", "c")
	for _, want := range []string{"a:0  b:0  c:1  ", "a:0  b:0  c:0  "} {
		if got := told(nodes[0].askLive(live.Question{Op: live.End, ID: 3})); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestARevocationIsCarriedOutByEveryNodeOrItsFailureIsTold.
func TestARevocationIsCarriedOutByEveryNodeOrItsFailureIsTold(t *testing.T) {
	nodes := holding(t, overCore(t), 6, "a", "b", "c")
	q := live.Question{Op: live.Revoke, Action: live.Bar, For: time.Hour, Rule: barred.Rule{User: "alice", Meta: map[string]string{"a": "b"}}}
	nodes[1].keeps.full = true
	if got, want := told(nodes[0].askLive(q)), "a:2  b:0 full c:2  "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, n := range []*node{nodes[0], nodes[2]} {
		if diff := cmp.Diff([]live.Question{q}, n.keeps.revoked); diff != "" {
			t.Error(diff)
		}
	}
}

func TestANodeThatDoesNotRevokeInTimeIsMissing(t *testing.T) {
	nodes := holding(t, overCore(t), 2, "a", "b")
	nodes[1].keeps.hang = make(chan struct{})
	q := live.Question{Op: live.Revoke, Action: live.Bar, Rule: barred.Rule{User: "alice"}}
	if got, want := told(nodes[0].askLive(q)), "a:1  b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	close(nodes[1].keeps.hang)
	eventually(t, "asked again, it does", func() bool { return told(nodes[0].askLive(q)) == "a:0  b:0  " })
	if len(nodes[1].keeps.revoked) < 2 {
		t.Error("it has not done what it was asked first")
	}
}

// TestANodeOfAnOlderVersionHasAProblem: it takes the question for one about channels.
func TestANodeOfAnOlderVersionHasAProblem(t *testing.T) {
	access := overCore(t)
	a, nc := start(t, access, "a", nil), connect(t, access)
	if _, err := nc.Subscribe("_holdfast.nodes.ask", func(m *client.Msg) {
		reply, _ := json.Marshal(map[string]any{"id": "old", "node": roll.Node{Name: "b"}, "page": nil})
		_ = m.Respond(reply)
	}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("_holdfast.nodes.here", []byte(`{"node":"b","id":"old"}`)); err != nil {
		t.Fatal(err)
	}
	const want = "a:0  b:0 the node is of an older version "
	eventually(t, want, func() bool { return told(a.askLive(live.Question{Op: live.List, Limit: 1})) == want })
}

// TestAQuestionAboutStreamsNeedsNATS.
func TestAQuestionAboutStreamsNeedsNATS(t *testing.T) {
	broker := natstest.Start(t)
	a := start(t, nats.Access{Servers: []string{broker.URL}}, "a", nil)
	broker.Stop()
	var why roll.Unreachable
	eventually(t, "it cannot ask", func() bool {
		_, err := a.AskLive(t.Context(), live.Question{Op: live.List})
		return errors.As(err, &why)
	})
}

// TestTheNodeThatHoldsAStreamRenewsIt, and nobody waits for the others.
func TestTheNodeThatHoldsAStreamRenewsIt(t *testing.T) {
	access := nats.Access{Servers: []string{natstest.Start(t).URL}}
	nodes := holding(t, access, 0, "a", "b", "c")
	hang := make(chan struct{})
	defer close(hang)
	nodes[0].keeps.renews = func(string) string { <-hang; return "" }
	nodes[2].keeps.renews = func(renewal string) string {
		if renewal == `"one"` {
			return "accepted"
		}
		return ""
	}
	answer := nodes[1].askLive(live.Question{Op: live.Renew, Renewal: []byte(`"one"`)})
	renewed := ""
	for _, r := range answer.Reports {
		renewed += r.Renewed
	}
	if renewed != "accepted" {
		t.Errorf("answered %+v", answer)
	}
	if got := nodes[1].askLive(live.Question{Op: live.List, Limit: 1}); len(got.Missing) > 0 {
		t.Errorf("a node that renews answers nothing else: %v", got.Missing)
	}
}
