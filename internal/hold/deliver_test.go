package hold

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// sink is an outlet that forgets what it gets.
type sink struct {
	live   *live
	writes int
	bytes  int
	err    error
	wrote  *sync.WaitGroup // unless nil, told of each write
}

func (s *sink) write(p []byte) error {
	s.writes++
	s.bytes += len(p)
	if s.wrote != nil {
		s.wrote.Done()
	}
	return s.err
}

func (s *sink) blame(error) Reason { return ReasonWriteError }
func (s *sink) finish(bool)        { s.live.gone() }
func (s *sink) cut()               {}

// entry is an item of content as a chunk.
func entryOf(content []byte) channels.Item {
	return channels.Item{Channel: "a", Encode: func(channels.Position) channels.Encoded {
		e := channels.Encoded{Buf: wire.AppendChunk(nil, content)}
		e.Forms[wire.Stream] = channels.Span{Len: uint32(len(e.Buf))}
		return e
	}}
}

// lives returns n streams on channel a that have nothing to write, and no
// dispatcher.
func lives(t testing.TB, hub *channels.Hub, h *Goroutines, n int, wrote *sync.WaitGroup) []*live {
	var all []*live
	for range n {
		if err := h.Admit(); err != nil {
			t.Fatal(err)
		}
		c, err := hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: "a"}},
			Live:          hub.Head().Seq,
			Group:         h.Group(),
		})
		if err != nil {
			t.Fatal(err)
		}
		l := h.newLive(&Stream{Cursor: c, Route: "test"}, Chunked)
		l.begin(&sink{live: l, wrote: wrote})
		for l.turn.Load() != idle {
			runtime.Gosched()
		}
		all = append(all, l)
	}
	return all
}

// perDelivery returns the allocations of publishing once to n streams that
// are kicked all.
func perDelivery(t *testing.T, n int) float64 {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	var wrote sync.WaitGroup
	all := lives(t, hub, h, n, &wrote)
	it := entryOf(make([]byte, 200))
	return testing.AllocsPerRun(200, func() {
		wrote.Add(n)
		if _, err := hub.Publish(t.Context(), it); err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			l.Kick()
		}
		wrote.Wait()
	})
}

// Invariant: a delivery allocates nothing.
func TestDeliveryAllocatesNothingPerStream(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool drops what it gets at random")
	}
	one, many := perDelivery(t, 1), perDelivery(t, 65)
	if many-one > 1 { // the scheduler allocates now and then
		t.Errorf("%v allocations to deliver to 65 streams, %v to one", many, one)
	}
}

func TestWhatIsDueGoesOutInOneWrite(t *testing.T) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	l := lives(t, hub, h, 1, nil)[0]
	l.turn.Store(running)
	for range maxEntries {
		if _, err := hub.Publish(t.Context(), entryOf(make([]byte, 200))); err != nil {
			t.Fatal(err)
		}
	}
	l.run()
	out := l.out.(*sink)
	if want := maxEntries * (200 + len("c8\r\n\r\n")); out.writes != 1 || out.bytes != want {
		t.Errorf("%d bytes in %d writes, want %d in one", out.bytes, out.writes, want)
	}
}

func TestAWriteErrorEndsTheStreamOnce(t *testing.T) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	l := lives(t, hub, h, 1, nil)[0]
	ends := 0
	l.feed.told = func(Reason) { ends++ }
	l.out.(*sink).err = errors.New("broken")
	l.turn.Store(running)
	for range 2 * maxEntries {
		hub.Publish(t.Context(), entryOf(make([]byte, 2000)))
	}
	l.run()
	for range 10 {
		l.Kick()
		l.End(ReasonDrain)
		l.CutOff(ReasonShutdown)
	}
	if l.why != ReasonWriteError || ends != 1 || l.out.(*sink).writes != 1 {
		t.Errorf("ended %d times for %q after %d writes, want once for %q after one", ends, l.why, l.out.(*sink).writes, ReasonWriteError)
	}
	if info, _ := hub.Channel("a"); info.Streams != 0 {
		t.Error("its cursor still follows")
	}
	if len(h.group.logs) != 0 {
		t.Error("the group still knows it")
	}
}

func TestAnEndedStreamIsForgotten(t *testing.T) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	ended := func() weak.Pointer[live] {
		l := lives(t, hub, h, 1, nil)[0]
		h.wheel.Arm(&l.timer, l, time.Hour)
		l.End(ReasonDrain)
		return weak.Make(l)
	}()
	for range 100 {
		if runtime.GC(); ended.Value() == nil {
			break
		}
		runtime.Gosched()
	}
	if ended.Value() != nil {
		t.Error("the holder still refers to it")
	}
	runtime.KeepAlive(h)
}

func TestScratchKeepsNoEntries(t *testing.T) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	b := NewBatch(maxEntries, maxBytes)
	h.batches.New = func() any { return b }
	l := lives(t, hub, h, 1, nil)[0]
	l.turn.Store(running)
	for range 3 {
		hub.Publish(t.Context(), entryOf(make([]byte, 200)))
	}
	l.run()
	for _, e := range b.entries[:cap(b.entries)] {
		if e.Seq() != 0 {
			t.Fatalf("entry %d is still referred to", e.Seq())
		}
	}
	if b.out != nil || b.laid.bytes != nil {
		t.Error("what was written is still referred to")
	}
}

func TestAKickDuringTheTurnIsAnotherTurn(t *testing.T) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	l := lives(t, hub, h, 1, nil)[0]
	l.turn.Store(running)
	l.catchUp()
	l.Kick() // comes between the last look at the head and giving the turn back
	if got := l.turn.Load(); got != again {
		t.Fatalf("the turn is %d after a kick, want %d", got, again)
	}
	l.Kick()
	hub.Publish(t.Context(), entryOf([]byte("x")))
	l.run()
	if got := l.turn.Load(); got != idle {
		t.Errorf("the turn is %d at the head, want %d", got, idle)
	}
}

func BenchmarkDelivery(b *testing.B) {
	hub, h := channels.NewHub(channels.DefaultOptions()), New(Options{})
	defer hub.Close()
	all := lives(b, hub, h, 1000, nil)
	it := entryOf(make([]byte, 200))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hub.Publish(b.Context(), it); err != nil {
			b.Fatal(err)
		}
		for _, l := range all {
			l.turn.Store(running)
			l.run()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/delivery")
}
