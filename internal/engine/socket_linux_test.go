package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Whatever the buffers and the pace of the client, it gets every byte once.
func TestPartialWritesArriveWhole(t *testing.T) {
	for _, buffer := range []int{1, 4 << 10, 20 << 10} {
		t.Run(fmt.Sprint("a send buffer of ", buffer), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(buffer), 7))
			r := newRig(t)
			fd, _ := r.hold(t, buffer, hold.Stream{}, "a", "b")
			defer unix.Close(fd)
			want, got := r.chatter(t, rnd, 400, 200_000, func(n int) (string, error) { return readSome(fd, n) })
			r.act(t, "a", channels.Close)
			want.WriteString(wire.LastChunk)
			for start := time.Now(); time.Since(start) < 30*time.Second; {
				some, err := readSome(fd, 1+rnd.IntN(30_000))
				if got.WriteString(some); err != nil {
					break
				}
			}
			if got.String() != want.String() {
				t.Errorf("got %d bytes, want %d", got.Len(), want.Len())
			}
			unix.Shutdown(fd, unix.SHUT_WR)
			r.wantEnd(t, hold.ReasonAction)
		})
	}
}

// A client may vanish after any byte, also of one that is still to be written.
func TestAClientMayVanishAtEveryByte(t *testing.T) {
	const content = "data: 0123456789\n\n"
	before := descriptors(t)
	r := newRig(t)
	frame := strings.Repeat(chunk(content), 3)
	for taken := range len(frame) + 1 {
		fd, _ := r.hold(t, 1, hold.Stream{}, "a")
		for range 3 {
			r.publish(t, "a", content)
		}
		if taken > 0 {
			wantText(t, fd, frame[:taken])
		}
		unix.Close(fd)
		for range 3 {
			r.publish(t, "a", strings.Repeat("x", 10_000))
		}
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
	}
	r.close()
	if len(r.engine.index.first) > 0 {
		t.Error("the index still knows somebody")
	}
	if now := descriptors(t); now > before {
		t.Errorf("%d descriptors are open, %d before", now, before)
	}
}

func descriptors(t *testing.T) int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

func TestAClientThatSendsTooMuchIsReadUntilItLeaves(t *testing.T) {
	r := newRig(t)
	fd, _ := r.hold(t, 0, hold.Stream{}, "a")
	for sent, start := 0, time.Now(); sent < 1<<20; {
		n, err := unix.Write(fd, make([]byte, 10_000))
		if sent += max(0, n); err != nil && err != syscall.EAGAIN || time.Since(start) > 30*time.Second {
			t.Fatalf("%v after %d bytes", err, sent)
		}
	}
	wantText(t, fd, wire.LastChunk)
	unix.Close(fd)
	r.wantEnd(t, hold.ReasonClientData)
}

// A stream may still be in the queue when its descriptor is another's.
func TestWhoIsGoneIsNotReadFrom(t *testing.T) {
	r := makeRig(t, newManual(t))
	l := r.engine.loops[0]
	fd, held := r.hold(t, 0, hold.Stream{}, "a")
	defer unix.Close(fd)
	for sent := 0; sent < receiveBytes; {
		n, err := unix.Write(fd, make([]byte, 10_000))
		if err != nil {
			t.Fatal(err)
		}
		sent += n
	}
	l.collect()
	l.receive(held)
	if !held.unread || !held.ready {
		t.Fatal("the stream is not to be read on")
	}
	held.CutOff(hold.ReasonShutdown)
	l.collect()
	unix.Dup3(fd, int(held.socket), 0) // so that none of the pair gets the number
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		err = unix.Dup3(pair[0], int(held.socket), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	unix.Write(pair[1], []byte("hello"))
	work(l)
	wantText(t, pair[0], "hello")
	for _, fd := range append(pair[:], int(held.socket)) {
		unix.Close(fd)
	}
	r.cutByHand(l)
}

// What a stuck client has coming is kept by the log, not for it: of what was
// broken off, it is the entry itself that is kept.
func TestAStuckStreamKeepsNoCopies(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		fd, held := r.hold(t, 4<<10, hold.Stream{}, "a")
		defer unix.Close(fd)
		fill(t, r, held)
		size := len(chunk("data: " + strings.Repeat("x", 5000) + "\n\n"))
		if rest := held.bag.rest; len(rest) > size || cap(rest) > size {
			t.Errorf("%d of %d bytes are kept, want those of an entry of %d at most", len(rest), cap(rest), size)
		}
		if n := testing.AllocsPerRun(100, func() { tell(held, unix.EPOLLIN) }); n > 1 {
			t.Errorf("%v allocations to look at it", n)
		}
	})
}

// pairOf returns two ends of a TCP connection.
func pairOf(t testing.TB) (ours, theirs *net.TCPConn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

func TestAStreamIsHeldEvenWithoutADescriptorToSpare(t *testing.T) {
	r := newRig(t)
	r.engine.duplicate = func(*net.TCPConn) (int, error) { return -1, errors.New("too many open files") }
	theirs, ours, held := r.tcp(t, hold.Stream{}, "a")
	defer theirs.Close()
	r.publish(t, "a", "data: 1\n\n")
	got := make([]byte, len(chunk("data: 1\n\n")))
	if n, err := theirs.Read(got); string(got[:n]) != chunk("data: 1\n\n") {
		t.Fatalf("got %q, %v", got[:n], err)
	}
	held.CutOff(hold.ReasonShutdown)
	r.wantEnd(t, hold.ReasonShutdown)
	if _, err := ours.SyscallConn(); err != nil {
		return
	}
	if ours.SetDeadline(time.Time{}) == nil {
		t.Error("the connection is left open")
	}
}

// Another's event may come for a descriptor or a slot that has a new owner.
func TestEventsForWhoIsGoneAreIgnored(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		first, old := r.hold(t, 0, hold.Stream{}, "a")
		defer unix.Close(first)
		old.CutOff(hold.ReasonShutdown)
		r.wantEnd(t, hold.ReasonShutdown)
		second, young := r.hold(t, 0, hold.Stream{}, "a")
		defer unix.Close(second)
		tell(old, unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR)
		old.End(hold.ReasonDrain)
		old.CutOff(hold.ReasonShutdown)
		r.publish(t, "a", "data: 1\n\n")
		time.Sleep(time.Second)
		wantText(t, second, chunk("data: 1\n\n"))
		if young.slot != old.slot || len(r.ended) > 0 {
			t.Error("the new one ended, or has another slot")
		}
	})
}
