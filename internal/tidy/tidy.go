// Package tidy gives memory back to the system after a storm.
//
// When thousands of clients come back at once, each leaves ten times the garbage
// that its stream keeps. Go collects when the heap has doubled: once the storm is
// over and streams only wait, that moment may never come, and what was garbage at
// the time of the last collection stays with the process for minutes or for good.
// So there is a look every ten seconds, and if the process is quiet and could do
// with much less, one collection.
//
// It is not done while there is work: the garbage of a busy process is collected
// soon anyway, and pages that are given back would be wanted again at once. The
// price is a collection that Go would not have made, every half minute at most.
//
// Rejected: a lower GOGC, which costs most in the storm itself; a memory limit,
// which has to be known beforehand; and collecting after a number of connections,
// as not only connections leave garbage.
package tidy

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"go.uber.org/zap"
)

const (
	interval = 10 * time.Second // between two looks
	rest     = 30 * time.Second // after a collection

	// least is how many bytes must be to gain.
	least = 1 << 20
)

// Run looks after the memory of the process until ctx ends.
func Run(ctx context.Context, log *zap.Logger) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	before, last := look(), time.Time{}
	left := uint64(0) // what the last collection could not gain
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			after := look()
			left = min(left, after.spare())
			if after.worth(before, left) && now.Sub(last) >= rest {
				debug.FreeOSMemory()
				log.Debug("gave memory back", zap.Uint64("spare_bytes", after.spare()))
				after, last = look(), now
				left = after.spare()
			}
			before = after
		}
	}
}

// memory is what is known of the heap at a time, in bytes.
type memory struct {
	objects uint64 // allocated and not yet swept
	live    uint64 // what the last collection found in use
	free    uint64 // unused, but the system has not got it back
	allocs  uint64 // allocated since the process began
}

// look reads the runtime's figures, without stopping anything.
func look() memory {
	s := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(s)
	return memory{s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64(), s[3].Value.Uint64()}
}

// spare is how much the process could do without.
func (m memory) spare() uint64 { return m.free + m.objects - min(m.live, m.objects) }

// worth reports whether a collection is worth its while: little was allocated
// since before, and much is to gain beside what the last one left, since each
// processor keeps up to 512 KiB of free pages to itself.
func (m memory) worth(before memory, left uint64) bool {
	quiet := m.allocs-before.allocs < m.objects/16
	return quiet && m.spare() > left+max(least, m.live/4)
}
