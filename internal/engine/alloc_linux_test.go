package engine

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// Invariant: a delivery allocates nothing. The loop's work is done by hand.
func TestADeliveryAllocatesNothing(t *testing.T) {
	r := makeRig(t, newQuiet())
	l := r.engine.loops[0]
	const many = 100
	var peers []int
	for range many {
		fd, _ := r.hold(t, 0, hold.Stream{}, "a")
		defer unix.Close(fd)
		peers = append(peers, fd)
	}
	work(l)
	it := item("a", "data: 1\n\n")
	var buf [64]byte
	want := len(chunk("data: 1\n\n"))
	pass := func() {
		r.hub.Publish(t.Context(), it)
		work(l)
		for _, fd := range peers {
			if n, err := unix.Read(fd, buf[:]); n != want {
				t.Fatalf("read %d bytes, %v", n, err)
			}
		}
	}
	other := it
	other.Channel = "nobody"
	publishing := testing.AllocsPerRun(100, func() { r.hub.Publish(t.Context(), other) })
	if delivering := testing.AllocsPerRun(100, pass); delivering > publishing {
		t.Errorf("%v allocations to publish to %d streams, %v to none", delivering, many, publishing)
	}
	r.cutByHand(l)
}
