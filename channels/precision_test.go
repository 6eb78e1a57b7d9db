package channels

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// neighbour returns the name of a channel in the same shard as channel.
func neighbour(h *Hub, channel string) string {
	for i := 0; ; i++ {
		if name := fmt.Sprint("n", i); h.shard(name) == h.shard(channel) {
			return name
		}
	}
}

// A channel whose entries are gone is remembered for as long as it can be, so
// that others in its shard need not take its floor for theirs.
func TestWhatOneChannelDroppedIsNoGapOnAnother(t *testing.T) {
	h := testHub(func(o *Options) { o.Limits.Messages = 0 })
	start := h.Head().String()
	say(t, h, "a", "dropped at once")
	want(t, resume(t, h, start, neighbour(h, "a")), "")
	want(t, resume(t, h, start, "a"), "[evicted]")
}

// Only the id of an item's last event is a place behind the item. For the
// others the item comes again: repeat rather than lose.
func TestAnIDInsideAnItemResumesBeforeTheItem(t *testing.T) {
	h := testHub(nil)
	say(t, h, "a", "before")
	publish(t, h, Item{Channel: "a", Encode: func(Position) Encoded {
		buf := AppendID(AppendID([]byte("two"), "first"), "last")
		enc := Encoded{Buf: buf, IDs: Span{3, uint32(len(buf) - 3)}}
		enc.Forms[text] = Span{0, 3}
		return enc
	}})
	say(t, h, "a", "after")
	want(t, resume(t, h, "first", "a"), "two after")
	want(t, resume(t, h, "last", "a"), "after")
}

func TestMakingRoomFreesMoreThanItMust(t *testing.T) {
	const limit = 200 << 10
	h := testHub(func(o *Options) { o.MemoryLimit = limit })
	follow(t, h, "a") // or the channel would go as a whole
	for h.Stats().Evicted[EvictMemory] == 0 {
		say(t, h, "a", strings.Repeat("x", 1000))
	}
	if m := h.Stats().MemoryBytes; m > limit-limit/16 {
		t.Errorf("%d bytes are left of %d", m, limit)
	}
}

func TestTheRoomOfABurstIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		c := follow(t, h, "a")
		empty := h.Stats().MemoryBytes
		for range 1000 {
			say(t, h, "a", "x")
		}
		read(t, c)
		time.Sleep(11 * time.Minute)
		say(t, h, "a", "y")
		read(t, c)
		if m := h.Stats().MemoryBytes; m > empty+8*entryCost {
			t.Errorf("%d bytes for one entry, %d without", m, empty)
		}
	})
}

// The charge never drifts: it is what the logs cost, whatever has happened to
// them.
func TestTheChargeIsWhatIsRetained(t *testing.T) {
	h := testHub(func(o *Options) {
		o.IdleChannels = numShards
		o.MemoryLimit = 64 << 10
		o.Limits.Messages = 5
	})
	var cursors []*Cursor
	for i := range 2000 {
		name := fmt.Sprint("c", i*7%150)
		say(t, h, name, strings.Repeat("x", i%200))
		switch i % 5 {
		case 0:
			cursors = append(cursors, follow(t, h, name, fmt.Sprint("c", i%90)))
		case 1:
			cursors[i%len(cursors)].Next(nil, 3, 1000)
		case 2:
			cursors[i%len(cursors)].Close()
		}
		publish(t, h, after("missing", item(name, fmt.Sprint("id", i), "parked")))
		if i%100 == 0 {
			rest(h)
		}
	}
	h.Flush()
	for _, c := range cursors {
		c.Close()
	}
	checkCharge(t, h)
}

// checkCharge compares what is charged with what there is.
func checkCharge(t *testing.T, h *Hub) {
	t.Helper()
	var sum int64
	for _, s := range h.shards {
		s.eachOrPacked(func(l *Log) {
			sum += logCost + int64(len(l.name)) + int64(len(l.ring.slots))*entryCost
			for i := l.ring.base; i < l.ring.end(); i++ {
				sum += int64(len(l.ring.at(i).buf))
			}
		}, func(d *digest) {
			r, _ := s.idle.Peek(d.name)
			sum += packedCost + int64(len(r.packed))
		})
	}
	if m := h.Stats().MemoryBytes; m != sum {
		t.Errorf("%d bytes are charged, %d are retained", m, sum)
	}
}
