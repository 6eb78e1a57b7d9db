package filter

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

func newLive() *Set { return NewLive(NewMetrics(prometheus.NewRegistry()).Route("r", zap.NewNop())) }

// from is an entry whose item has this id and meta.
func from(t *testing.T, id, name, value string) *channels.Entry {
	it := content("x", id, "x")
	it.Meta = map[string]string{name: value}
	return &read(t, grip.Instruction{Channels: []grip.Channel{{Name: "x"}}}, it)[0]
}

func TestWhatAnOriginSaysHoldsFromThenOn(t *testing.T) {
	s := newLive()
	s.Add("a", []string{grip.SkipSelf})
	s.Add("b", []string{grip.RequireSub})
	mine, vip := from(t, "", "sender", "al"), from(t, "", "require_sub", "vip")
	var got []bool
	look := func() { got = append(got, s.TakesFrom(0, mine), s.TakesFrom(1, vip)) }
	look()
	s.SetMeta("user", "al")
	s.Add("vip", nil)
	look()
	s.SetMeta("user", "")
	s.Remove(2)
	look()
	s.SetMeta("user", "al")
	s.Change(0, "vip", nil) // the same channel by another name
	look()
	s.Remove(0)
	if got = append(got, s.TakesFrom(0, vip)); s.TakesFrom(0, mine) != true {
		t.Error("b has the filters of a")
	}
	if diff := cmp.Diff([]bool{true, false, false, true, true, false, true, true, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMessageIsRewritten(t *testing.T) {
	s := newLive()
	s.SetMeta("name", "Al")
	s.SetMeta("id_format", "%(a)s-%(b)s")
	s.SetMeta("empty", "")
	s.Add("a", []string{grip.BuildID})
	s.Add("b", []string{grip.VarSubst})
	s.Add("c", nil)
	first, second := from(t, "1", "k", "v"), from(t, "2", "k", "v")
	s.TakesFrom(0, first)
	s.TakesFrom(1, second)
	s.Change(0, "a", []string{grip.BuildID, grip.SkipSelf}) // what was read is not forgotten
	for _, c := range []struct {
		channel       int
		payload, want string
		control       bool
		own, ok       bool
	}{
		{0, "%I", "1-2", false, true, true},
		{1, "%(name)s", "Al", false, true, true},
		{1, "", "", false, true, true},
		{1, "%(empty)s", "", false, false, false},
		{1, strings.Repeat("%(name)s", 62), strings.Repeat("Al", 62), true, true, true},
		{1, strings.Repeat("%(name)s", 63), "", true, false, false},
		{2, "%(name)s", "%(name)s", false, false, true},
	} {
		out, own, ok := s.RewriteMessage(c.channel, second, []byte(c.payload), c.control)
		if string(out) != c.want || own != c.own || ok != c.ok {
			t.Errorf("channel %d, %.20q: %.20q, %v, %v; want %.20q, %v, %v", c.channel, c.payload, out, own, ok, c.want, c.own, c.ok)
		}
	}
}

func TestTheMetaOfAWebSocketIsBounded(t *testing.T) {
	s := newLive()
	for i := range maxMeta {
		if err := s.SetMeta(strconv.Itoa(i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetMeta("0", ""); err != nil || s.SetMeta("more", "x") != nil {
		t.Error("what was taken back counts")
	}
	if s.SetMeta("too many", "x") == nil {
		t.Error("there can be too many")
	}
	if newLive().SetMeta("long", strings.Repeat("x", maxMetaSize)) == nil {
		t.Error("they can be too long")
	}
}
