package stream_test

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

const elected = "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.HOLDFAST"

// lossyNode returns a node whose connection loses what the test wants, and one
// that loses nothing.
func lossyNode(t *testing.T, edits ...func(*stream.Options)) (lossy, whole *node, s *sieve, server *embedded.Server) {
	t.Helper()
	server = startServer(t, t.TempDir())
	s = newSieve(t, server.InProcess())
	return startNode(t, s.way, edits...).ready(), startNode(t, server.InProcess(), edits...).ready(), s, server
}

// Nothing tells that the last message of a channel was lost but the next, or a
// census.
func TestAMessageThatIsLostIsFetchedWhenTheNextOneComes(t *testing.T) {
	n, other, s, _ := lossyNode(t)
	r := n.follow("", "a")
	other.say("a", "", "1")
	r.want("1")
	lost := s.loses("_holdfast.live.channels.a")
	other.say("a", "", "2")
	n.until("it is lost", lost)
	other.say("a", "", "3")
	r.want("2", "3")
	lost = s.loses("_holdfast.live.channels.a")
	other.say("a", "", "4")
	n.until("it is lost", lost)
	n.bus.Alarm()
	r.want("4")
	if n.count("holdfast_bus_lost_total") != 2 || other.count("holdfast_bus_lost_total") != 0 {
		t.Errorf("%v and %v losses are counted", n.count("holdfast_bus_lost_total"), other.count("holdfast_bus_lost_total"))
	}
}

// Whatever may have cost messages holds back all channels: a client that follows
// two, and was shown something of the one, may come back to another node with
// nothing but that place.
func TestNothingIsHandedOnBeforeWhatWasLost(t *testing.T) {
	var (
		path     atomic.Int64
		markLost atomic.Bool
	)
	for _, tt := range []struct {
		name  string
		sign  func(t *testing.T, n *node, s *sieve, server *embedded.Server)
		count float64 // of doubts
	}{
		{"another leader", func(t *testing.T, n *node, _ *sieve, server *embedded.Server) {
			if err := connect(t, server).Publish(elected, nil); err != nil {
				t.Fatal(err)
			}
			n.until("it is held back", func() bool { return n.count("holdfast_bus_doubts_total") == 2 })
		}, 2},
		{"another connection", func(t *testing.T, n *node, s *sieve, _ *embedded.Server) {
			s.close()
			n.until("the node has noticed", func() bool { return n.bus.NotReady() != nil })
			s.open()
		}, 2},
		{"another way from other servers", func(t *testing.T, n *node, _ *sieve, _ *embedded.Server) {
			path.Add(1)
			n.until("it is held back", func() bool { return n.count("holdfast_bus_doubts_total") == 2 })
		}, 2},
		{"a mark that was lost", func(t *testing.T, n *node, s *sieve, server *embedded.Server) {
			nc := connect(t, server)
			for range 2 {
				if _, err := nc.Request("holdfast.mark", nil, goodTime); err != nil {
					t.Fatal(err)
				}
			}
			n.until("it is held back", func() bool { return n.count("holdfast_bus_doubts_total") == 2 })
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, other, s, server := lossyNode(t, func(o *stream.Options) { o.Path = func() string { return fmt.Sprint(path.Load()) } })
			r := n.follow("", "a", "b", "c")
			other.say("a", "", "a1")
			other.say("b", "", "b1")
			r.want("a1", "b1")
			lost := s.loses("_holdfast.live.channels.a")
			other.say("a", "", "a2")
			n.until("it is lost", lost)
			hold := make(chan struct{})
			markLost.Store(tt.name != "a mark that was lost")
			s.edits(func(subject string, message []byte) []byte {
				switch {
				case bytes.Contains(message, []byte("Nats-UpTo-Sequence")):
					<-hold // what a census has found
				case subject == "_holdfast.live.mark" && markLost.CompareAndSwap(false, true):
					return nil
				}
				return message
			})
			tt.sign(t, n, s, server)
			other.say("b", "", "b2")
			other.say("c", "", "c1")
			other.say("b", "", "b3")
			close(hold)
			r.want("a2", "b2", "c1", "b3")
			other.say("a", "", "a3")
			other.say("c", "", "c2")
			r.want("a3", "c2")
			if got := n.count("holdfast_bus_doubts_total"); got != tt.count {
				t.Errorf("%v doubts, want %v", got, tt.count)
			}
		})
	}
}

// A replica that answers can be behind: then it is asked again.
func TestAReplicaThatIsBehindIsNotBelieved(t *testing.T) {
	n, other, s, _ := lossyNode(t)
	start := other.say("x", "", "x")
	other.say("a", "", "1")
	other.say("a", "", "2")
	behind := true
	s.edits(func(_ string, message []byte) []byte {
		switch {
		case !behind:
		case bytes.Contains(message, []byte("Nats-UpTo-Sequence: ")):
			behind = false
			i := bytes.Index(message, []byte("Nats-UpTo-Sequence: ")) + len("Nats-UpTo-Sequence: ")
			message[i] = '0'
		case bytes.Contains(message, []byte("Nats-Subject: holdfast.channels.a\r\n")) && bytes.Contains(message, []byte("Nats-Num-Pending")):
			return nil
		}
		return message
	})
	n.follow(start, "a").want("1", "2")
	if behind {
		t.Error("nobody was behind, so nothing is proved")
	}
}

// A history has more pages than one, and ends where the stream's limits have cut
// it.
func TestAHistoryIsWhatTheStreamHas(t *testing.T) {
	server := startServer(t, t.TempDir())
	first := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = 700 }).ready()
	var places []string
	for _, word := range numbers(1, 800) {
		places = append(places, first.say("a", "", word))
	}
	n := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = 700 }).ready()
	n.follow(places[98], "a").want("gap:evicted")
	r := n.follow(places[99], "a")
	r.want(numbers(101, 800)...)
	first.say("a", "", "801")
	r.want("801")
	if n.count("holdfast_bus_lost_total") != 0 {
		t.Error("what is no loss was taken for one")
	}
}

func TestWhatTheStreamHasLetGoOfIsAGap(t *testing.T) {
	server := startServer(t, t.TempDir())
	first := startNode(t, server.InProcess()).ready()
	place := first.say("a", "", "1")
	first.say("x", "", "x")
	first.say("a", "", "2")
	after := first.say("b", "", "1")
	p, _ := channels.ParsePosition(after)
	if err := streamOf(t, server).Purge(t.Context(), jetstream.WithPurgeSequence(p.Seq)); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, server.InProcess()).ready()
	n.follow(place, "a").want("gap:evicted")
	n.follow(place, "b").want("gap:evicted", "1")
	first.say("a", "", "3")
	n.follow(after, "a").want("3")
}

// What was lost on its way, and is not stored any more when it is looked for, is
// a gap.
func TestWhatCannotBeFetchedIsAGap(t *testing.T) {
	n, other, s, server := lossyNode(t)
	r := n.follow("", "a", "b")
	other.say("a", "", "1")
	r.want("1")
	for _, word := range numbers(2, 3) {
		lost := s.loses("_holdfast.live.channels.a")
		other.say("a", "", word)
		n.until("it is lost", lost)
	}
	gone := make(chan struct{})
	s.edits(func(_ string, message []byte) []byte {
		<-gone
		return message
	})
	four, _ := channels.ParsePosition(other.say("a", "", "4"))
	if err := streamOf(t, server).Purge(t.Context(), jetstream.WithPurgeSubject("holdfast.channels.a"), jetstream.WithPurgeSequence(four.Seq)); err != nil {
		t.Fatal(err)
	}
	close(gone)
	r.want("gap:evicted", "4")
	other.say("b", "", "5")
	r.want("5")
	if n.count("holdfast_bus_gaps_total") != 1 {
		t.Errorf("%v gaps are counted", n.count("holdfast_bus_gaps_total"))
	}
}

// A survey that finds the head of a channel beyond its mark does not tell what came
// before: that shows by what has been held back.
func TestWhatWasLostBeforeANewHeadIsNotOvertaken(t *testing.T) {
	n, other, s, server := lossyNode(t)
	r := n.follow("", "a", "b")
	other.say("a", "", "a1")
	r.want("a1")
	lost := s.loses("_holdfast.live.channels.a")
	other.say("a", "", "a2")
	n.until("it is lost", lost)
	came, hold := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(came) })
	s.edits(func(subject string, message []byte) []byte {
		if subject == "_holdfast.live.mark" {
			tell()
			<-hold
		}
		return message
	})
	if err := connect(t, server).Publish(elected, nil); err != nil {
		t.Fatal(err)
	}
	<-came
	other.say("a", "", "a3")
	other.say("b", "", "b1")
	close(hold)
	r.want("a2", "a3", "b1")
}

// A node that has just come does not give new clients what was before them.
func TestANodeThatHasJustComeKnowsHowFarTheOrderIs(t *testing.T) {
	server := startServer(t, t.TempDir())
	first := startNode(t, server.InProcess()).ready()
	first.say("a", "", "old")
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "a")
	first.say("a", "", "new")
	r.want("new")
}

// A stream that keeps very little also keeps few marks, and the oldest message is
// a young one then.
func TestShortRetentionIsNoGapForThoseWhoBegin(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = 1 }).ready()
	r := n.follow("", "a")
	n.say("a", "", "1")
	r.want("1")
}

// An id that a node does not know can be one that was lost on its way to it.
func TestAnIDThatWasLostIsLookedFor(t *testing.T) {
	n, other, s, _ := lossyNode(t)
	n.follow("", "a")
	other.say("a", "1", "1")
	lost := s.loses("_holdfast.live.channels.a")
	other.say("a", "2", "2")
	n.until("it is lost", lost)
	r := n.follow("2", "a")
	other.say("a", "3", "3")
	r.want("3")
}

// An acknowledgement that is lost does not make a message be stored twice, and is
// not the publisher's concern.
func TestAnAnswerThatIsLostIsAskedForAgain(t *testing.T) {
	n, other, s, _ := lossyNode(t)
	r := other.follow("", "a")
	once := true
	s.edits(func(_ string, message []byte) []byte {
		if once && bytes.HasPrefix(message, []byte(`{"stream":"HOLDFAST"`)) {
			once = false
			return nil
		}
		return message
	})
	place := n.say("a", "", "1")
	if once || place == "" {
		t.Errorf("stored at %q, nothing lost: %t", place, once)
	}
	other.say("a", "", "2")
	r.want("1", "2")
}
