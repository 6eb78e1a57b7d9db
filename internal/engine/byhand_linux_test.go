package engine

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// manual is a poller that tells what the system says only when it is asked, so
// that a loop's work can be done by hand, step by step.
type manual struct {
	fd   int
	once sync.Once
}

func newManual(t testing.TB) *manual {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	return &manual{fd: fd}
}

func (m *manual) add(fd int, slot int32, serial uint32) error {
	return unix.EpollCtl(m.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: interest, Fd: slot, Pad: int32(serial)})
}

func (m *manual) watch(func([]event)) {}

func (m *manual) close() { m.once.Do(func() { unix.Close(m.fd) }) }

// ask tells the loop of what has happened and reports whether anything has.
func (m *manual) ask(t testing.TB, l *loop) bool {
	var found [64]unix.EpollEvent
	n, err := unix.EpollWait(m.fd, found[:], 0)
	if err != nil && err != unix.EINTR {
		t.Fatal(err)
	}
	for _, e := range found[:max(0, n)] {
		l.tell([]event{{e.Fd, uint32(e.Pad), e.Events}})
	}
	return n > 0
}

// check checks what must hold between any two steps of a loop.
func check(t testing.TB, l *loop) {
	t.Helper()
	held := 0
	for slot, s := range l.streams {
		if s == nil {
			continue
		}
		held++
		if int(s.slot) != slot || s.phase == gone {
			t.Fatalf("slot %d has a stream of slot %d in phase %d", slot, s.slot, s.phase)
		}
		checkSeats(t, s)
		if s.phase == blocked && !s.timed {
			t.Fatal("a blocked stream has no deadline")
		}
	}
	if free := len(l.streams) - held; free != len(l.free) {
		t.Fatalf("%d slots are free, %d are known to be", free, len(l.free))
	}
}

// checkSeats checks that a stream sits where it says, or nowhere once it has
// ended.
func checkSeats(t testing.TB, s *stream) {
	t.Helper()
	for _, p := range append([]place{s.place}, s.places...) {
		switch {
		case s.phase >= lingering:
			if p.in != nil {
				t.Fatal("who reads no more is seated")
			}
		case p.in.seats[p.at] != s:
			t.Fatal("somebody else sits there")
		}
	}
}
