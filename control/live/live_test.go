package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// kept are the ids of a node's streams, in order.
type kept []live.ID

func (k kept) Streams(_ context.Context, q live.Question) (page []live.Stream, more bool) {
	for _, id := range k {
		if uint64(id) <= q.After {
			continue
		}
		if len(page) == q.Limit {
			return page, true
		}
		page = append(page, live.Stream{ID: id})
	}
	return page, false
}

func (k kept) End(id uint64) bool { return len(k) > 0 && uint64(k[0]) == id }

func (k kept) Renew(_ context.Context, renewal []byte) string { return string(renewal) }

func (k kept) Revoke(q live.Question) (ended, checked int, err error) {
	if q.Action == live.Recheck {
		return 0, len(k), nil
	}
	return 0, 0, errors.New("full")
}

// However streams are spread and pages cut, each comes once, in the order of ids.
func TestPagesOfNodesMakeAllStreamsOfTheCluster(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		nodes := make([]kept, 1+random.IntN(4))
		all := random.IntN(60)
		for i := range all {
			n := random.IntN(len(nodes))
			nodes[n] = append(nodes[n], live.ID(i+1))
		}
		limit, got := 1+random.IntN(7), live.ID(0)
		for q := (live.Question{Op: live.List, Limit: limit}); ; {
			var reports []live.Report
			for n, k := range nodes {
				r := live.Tell(t.Context(), k, fmt.Sprint(n), q)
				if keep := 1 + random.IntN(limit); keep < len(r.Streams) {
					r.Streams, r.More = r.Streams[:keep], true
				}
				reports = append(reports, r)
			}
			page, next := live.Merge(reports, limit)
			for _, s := range page {
				if got++; s.ID != got || s.Node == "" {
					t.Fatalf("seed %d: got %v of node %q, want %v", seed, s.ID, s.Node, got)
				}
			}
			if next == 0 {
				break
			}
			q.After = uint64(next)
		}
		if int(got) != all {
			t.Fatalf("seed %d: %d streams, want %d", seed, got, all)
		}
	}
}

func TestANodeTellsWhatItHasDone(t *testing.T) {
	k := kept{7}
	for _, test := range []struct {
		name string
		q    live.Question
		want live.Report
	}{
		{"one is ended", live.Question{Op: live.End, ID: 7}, live.Report{Node: "n", Ended: 1}},
		{"one that is not there is not", live.Question{Op: live.End, ID: 8}, live.Report{Node: "n"}},
		{"all are checked", live.Question{Op: live.Revoke, Action: live.Recheck}, live.Report{Node: "n", Checked: 1}},
		{"a revocation fails", live.Question{Op: live.Revoke, Action: live.Bar}, live.Report{Node: "n", Problem: "full"}},
		{"an action of a newer node is not taken for another", live.Question{Op: live.Revoke, Action: "freeze"}, live.Report{Node: "n", Problem: "the action is not known"}},
		{"one is renewed", live.Question{Op: live.Renew, Renewal: []byte("accepted")}, live.Report{Node: "n", Renewed: "accepted"}},
		{"of a newer node", live.Question{Op: "dance"}, live.Report{Node: "n", Problem: "the operation is not known"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := live.Tell(t.Context(), k, "n", test.q); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestAnIDIsReadAsItIsWritten(t *testing.T) {
	for _, id := range []live.ID{0, 1, 1<<64 - 1, 0x6921f0a200000001} {
		if got, err := live.ParseID(id.String()); got != id || err != nil {
			t.Errorf("%v is read as %v (%v)", id, got, err)
		}
	}
	for _, text := range []string{"", "1", "+921f0a200000001", "6921F0A200000001", "6921f0a20000000g", "06921f0a200000001"} {
		if _, err := live.ParseID(text); err == nil {
			t.Errorf("%q is taken for an id", text)
		}
	}
}
