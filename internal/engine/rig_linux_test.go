package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// rig is an engine whose streams are one end of socket pairs.
type rig struct {
	hub    *channels.Hub
	engine *Engine
	ended  chan hold.Reason
	stop   context.CancelFunc
	parts  sync.WaitGroup
}

// newRig runs an engine until the test ends.
func newRig(t testing.TB, pollers ...poller) *rig {
	r := makeRig(t, pollers...)
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	r.parts.Go(func() { r.engine.Run(ctx) })
	t.Cleanup(r.close)
	return r
}

// makeRig makes an engine that does not run: the test does its loops' work, and
// ends with cutByHand.
func makeRig(t testing.TB, pollers ...poller) *rig {
	r := &rig{hub: channels.NewHub(channels.DefaultOptions()), ended: make(chan hold.Reason, 10_000)}
	e, err := New(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(pollers) > 0 {
		e.close()
		e.loops = nil
		for _, p := range pollers {
			e.addLoop(p)
		}
	}
	r.engine = e
	return r
}

// work has a loop that does not run do everything there is to do.
func work(l *loop) {
	for l.collect(); l.turn(); {
		l.collect()
	}
	l.collect()
}

// cutByHand ends a loop that does not run, and its streams.
func (r *rig) cutByHand(l *loop) {
	for _, s := range l.streams {
		if s != nil {
			s.CutOff(hold.ReasonShutdown)
		}
	}
	l.collect()
	l.poller.close()
	l.watch.Wait()
	r.hub.Close()
}

// close ends the engine. It may be called more than once.
func (r *rig) close() {
	r.stop()
	r.parts.Wait()
	r.hub.Close()
}

// hold has the engine hold a stream and returns its other end, whose
// descriptor is closed when the test ends. buffer, if positive, is how much
// the system takes for a client that does not read.
func (r *rig) hold(t testing.TB, buffer int, s hold.Stream, names ...string) (peer int, held *stream) {
	t.Helper()
	return r.holdWith(t, buffer, s, func(*stream) {}, names...)
}

// holdWith is hold, and calls prepare before the stream is adopted.
func (r *rig) holdWith(t testing.TB, buffer int, s hold.Stream, prepare func(*stream), names ...string) (peer int, held *stream) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if buffer > 0 {
		unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_SNDBUF, buffer)
	}
	if err := r.engine.Admit(); err != nil {
		t.Fatal(err)
	}
	f := channels.Follow{Form: wire.Stream, Live: r.hub.Head().Seq, Group: r.engine.Group()}
	for _, name := range names {
		f.Subscriptions = append(f.Subscriptions, channels.Subscription{Channel: name})
	}
	if s.Cursor, err = r.hub.Follow(context.Background(), f); err != nil {
		t.Fatal(err)
	}
	s.EventStream = true
	s.Ended = func(why hold.Reason) { r.ended <- why }
	held = r.engine.newStream(&s, hold.Chunked)
	held.socket = int32(pair[0])
	prepare(held)
	held.loop.post(post{stream: held, do: adopt})
	return pair[1], held
}

// publish appends content to a channel.
func (r *rig) publish(t testing.TB, channel, content string) {
	t.Helper()
	r.append(t, item(channel, content))
}

// act appends an action.
func (r *rig) act(t testing.TB, channel string, a channels.Action) {
	t.Helper()
	it := item(channel, "")
	it.Actions[wire.Stream] = a
	r.append(t, it)
}

func (r *rig) append(t testing.TB, it channels.Item) {
	t.Helper()
	if _, err := r.hub.Publish(context.Background(), it); err != nil {
		t.Fatal(err)
	}
}

func item(channel, content string) channels.Item {
	return channels.Item{Channel: channel, Size: len(content), Encode: func(channels.Position) channels.Encoded {
		if content == "" {
			return channels.Encoded{}
		}
		e := channels.Encoded{Buf: wire.AppendChunk(nil, []byte(content)), Tag: uint32(sse.Scan([]byte(content)).Effect)}
		e.Forms[wire.Stream] = channels.Span{Len: uint32(len(e.Buf))}
		return e
	}}
}

// wantEnd waits for the next stream to end.
func (r *rig) wantEnd(t testing.TB, want ...hold.Reason) {
	t.Helper()
	select {
	case got := <-r.ended:
		for _, why := range want {
			if got == why {
				return
			}
		}
		t.Fatalf("ended for %q, want %q", got, want)
	case <-time.After(30 * time.Second):
		t.Fatalf("did not end, want %q", want)
	}
}

// chunk is content as it comes over the wire.
func chunk(content string) string { return string(wire.AppendChunk(nil, []byte(content))) }

// readSome reads at most n bytes from a descriptor that does not block. The end
// is an error.
func readSome(fd, n int) (string, error) {
	buf := make([]byte, n)
	switch n, err := unix.Read(fd, buf); {
	case err == syscall.EAGAIN:
		return "", nil
	case err != nil:
		return "", err
	case n == 0:
		return "", fmt.Errorf("the end")
	default:
		return string(buf[:n]), nil
	}
}

// wantText reads until text has come.
func wantText(t testing.TB, fd int, text string) {
	t.Helper()
	var got string
	for start := time.Now(); len(got) < len(text); {
		more, err := readSome(fd, len(text)-len(got))
		if got += more; err != nil || time.Since(start) > 30*time.Second {
			t.Fatalf("got %q and then %v, want %q", got, err, text)
		}
		if more == "" {
			time.Sleep(100 * time.Microsecond)
		}
	}
	if got != text {
		t.Fatalf("got %q, want %q", got, text)
	}
}

// quiet is a poller for fake time: nothing waits outside the bubble, and the
// test says itself what happens to the sockets.
type quiet struct {
	closed chan struct{}
	once   sync.Once
	broken error
}

func newQuiet() *quiet { return &quiet{closed: make(chan struct{})} }

func (q *quiet) add(int, int32, uint32) error { return q.broken }
func (q *quiet) watch(func([]event))          { <-q.closed }
func (q *quiet) close()                       { q.once.Do(func() { close(q.closed) }) }

// tell tells the loop, when it rests, what happened to a stream's socket.
func tell(s *stream, mask uint32) {
	synctest.Wait() // it has written down who s is
	s.loop.tell([]event{{s.slot, s.serial, mask}})
}

// chatter publishes so many events on channels a and b, a few of them large, while
// a client reads a little now and then. It returns what was published, framed, and
// what the client has read.
func (r *rig) chatter(t *testing.T, rnd *rand.Rand, events, large int, read func(n int) (string, error)) (want, got *strings.Builder) {
	t.Helper()
	want, got = new(strings.Builder), new(strings.Builder)
	for i := range events {
		size := rnd.IntN(300)
		if rnd.IntN(50) == 0 {
			size = rnd.IntN(large)
		}
		content := fmt.Sprintf("data: %d %s\n\n", i, strings.Repeat("x", size))
		want.WriteString(chunk(content))
		r.publish(t, string(rune('a'+rnd.IntN(2))), content)
		for rnd.IntN(3) == 0 {
			some, err := read(1 + rnd.IntN(30_000))
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(some)
		}
	}
	return want, got
}
