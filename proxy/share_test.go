package proxy

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

func newShare(q Quotas) *share { return &share{of: newQuotas(q)} }

func newQuotas(q Quotas) *quotas { return (*Handler)(nil).quotasFor(q) }

// has reports which channels have as many as they may have.
func (q *quotas) has(names ...string) (full []bool) {
	for _, name := range names {
		full = append(full, q.channels.Full(name))
	}
	return full
}

func TestChannelsAreJoinedTogetherOrNotAtAll(t *testing.T) {
	s := newShare(Quotas{PerChannel: 1})
	other := &share{of: s.of}
	other.join("c")
	if f := s.join("a", "b", "c"); f == nil || f.reason != TooManyOfChannel {
		t.Errorf("got %v", f)
	}
	if full := s.of.has("a", "b", "c"); full[0] || full[1] || !full[2] {
		t.Errorf("counted: %v", full)
	}
	if f := s.join("a", "b", "a"); f != nil {
		t.Errorf("the same channel twice: %v", f)
	}
	if f := s.join("a"); f != nil {
		t.Errorf("and again: %v", f)
	}
	s.leave("a")
	s.leave("a")
	if full := s.of.has("a", "b"); full[0] || !full[1] {
		t.Errorf("counted after leaving: %v", full)
	}
}

func TestAnotherInstructionGoesBeyondALimitWhereItMust(t *testing.T) {
	s := newShare(Quotas{PerChannel: 1})
	other := &share{of: s.of}
	other.join("p:b")
	s.join("p:a")
	rt := &route{Route: Route{ChannelPrefix: "p:"}}
	s.follow(rt, &grip.Instruction{Hold: grip.Stream, Channels: []grip.Channel{{Name: "b"}, {Name: "c"}, {Name: "b"}}})
	if full := s.of.has("p:a", "p:b", "p:c"); full[0] || !full[1] || !full[2] {
		t.Errorf("counted: %v", full)
	}
	other.giveBack()
	if !s.of.has("p:b")[0] {
		t.Error("the one that moved is not counted")
	}
	s.giveBack()
	if full := s.of.has("p:b", "p:c"); full[0] || full[1] {
		t.Errorf("counted after the end: %v", full)
	}
}

func TestAUserWhoChangesIsCountedOnce(t *testing.T) {
	s := newShare(Quotas{PerUser: 1})
	other := &share{of: s.of}
	other.become("b")
	for _, user := range []string{"a", "a", "", "a"} {
		if f := s.become(user); f != nil {
			t.Errorf("%q: %v", user, f)
		}
	}
	if f := s.become("b"); f == nil || f.reason != TooManyOfUser || !s.of.users.Full("a") {
		t.Errorf("got %v", f)
	}
	s.giveBack()
	if s.of.users.Full("a") {
		t.Error("counted after the end")
	}
}

func TestAShareIsGivenBackOnce(t *testing.T) {
	s := newShare(Quotas{PerAddress: 2, PerUser: 2, PerChannel: 2})
	one := &share{of: s.of}
	for _, each := range []*share{s, one} {
		if f := each.locate(netip.MustParseAddr(clientIP)); f != nil {
			t.Fatal(f)
		}
		each.become("u")
		each.join("ch")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(s.giveBack)
	}
	all.Wait()
	s.become("u")
	s.join("ch")
	s.follow(&route{}, &grip.Instruction{Hold: grip.Stream, Channels: []grip.Channel{{Name: "ch"}}})
	two := &share{of: s.of}
	if two.locate(netip.MustParseAddr(clientIP)) != nil || two.become("u") != nil || two.join("ch") != nil {
		t.Error("what was given back is counted")
	}
	three := &share{of: s.of}
	if three.locate(netip.MustParseAddr(clientIP)) == nil || three.become("u") == nil || three.join("ch") == nil {
		t.Error("more was given back than was taken")
	}
}

func TestNoShareIsFree(t *testing.T) {
	var s *share
	s.leave("a")
	s.follow(nil, nil)
	s.giveBack()
	if s.join("a") != nil || s.become("u") != nil {
		t.Error("it refuses")
	}
	if newQuotas(Quotas{}) != nil {
		t.Error("no quotas count")
	}
	if ended := (counted{}).givenBackAfter(nil); ended != nil {
		t.Error("a stream without a share must tell of its end")
	}
}

func TestOtherQuotasCountWhatIsHeldByThoseOfBefore(t *testing.T) {
	before := &Handler{quotas: newQuotas(Quotas{PerUser: 3})}
	held := &share{of: before.quotas}
	held.become("alice")
	now := before.quotasFor(Quotas{PerUser: 2, PerChannel: 1})
	if f := (&share{of: now}).become("alice"); f != nil {
		t.Error(f.err)
	}
	if f := (&share{of: now}).become("alice"); f == nil {
		t.Error("what is held is not counted")
	}
	held.giveBack()
	if f := (&share{of: now}).become("alice"); f != nil {
		t.Error(f.err)
	}
	if f := (&share{of: now}).join("c"); f != nil {
		t.Error(f.err)
	}
	if f := (&share{of: (&Handler{quotas: now}).quotasFor(Quotas{PerChannel: 1})}).join("c"); f == nil {
		t.Error("what is held of a channel is not counted")
	}
}
