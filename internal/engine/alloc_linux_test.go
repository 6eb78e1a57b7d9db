package engine

import (
	"crypto/tls"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// Invariant: a delivery allocates nothing, and no more over TLS. The loop's work
// is done by hand.
func TestADeliveryAllocatesNothing(t *testing.T) {
	t.Run("in the clear", func(t *testing.T) {
		testDelivering(t, func(r *rig) int {
			fd, _ := r.hold(t, 0, hold.Stream{}, "a")
			return fd
		})
	})
	t.Run("over TLS", func(t *testing.T) {
		if raceEnabled {
			t.Skip("under the race detector crypto/tls does not get back what it has put in a sync.Pool")
		}
		testDelivering(t, func(r *rig) int {
			c, _ := r.holdSecure(t, tls.VersionTLS13, 0, hold.Stream{}, "a")
			return c.below.fd
		})
	})
}

func testDelivering(t *testing.T, join func(*rig) (fd int)) {
	r := makeRig(t, newQuiet())
	l := r.engine.loops[0]
	const many = 100
	var peers []int
	for range many {
		fd := join(r)
		defer unix.Close(fd)
		peers = append(peers, fd)
	}
	work(l)
	it := item("a", "data: 1\n\n")
	var buf [64]byte
	pass := func() {
		r.hub.Publish(t.Context(), it)
		work(l)
		for _, fd := range peers {
			if n, err := unix.Read(fd, buf[:]); n < len("data: 1\n\n") {
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
