package tidy

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestWhatACollectionIsWorth(t *testing.T) {
	const MiB = 1 << 20
	for name, c := range map[string]struct {
		m         memory
		allocated uint64 // since the look before
		left      uint64
		want      bool
	}{
		"after a storm":            {memory{objects: 30 * MiB, live: 18 * MiB, free: 6 * MiB}, MiB, 0, true},
		"in a storm":               {memory{objects: 30 * MiB, live: 18 * MiB, free: 6 * MiB}, 20 * MiB, 0, false},
		"only pages to give back":  {memory{objects: 18 * MiB, live: 18 * MiB, free: 8 * MiB}, 0, 0, true},
		"little beside the heap":   {memory{objects: 110 * MiB, live: 100 * MiB, free: 10 * MiB}, 0, 0, false},
		"a small process":          {memory{objects: 900 << 10, live: 400 << 10, free: 100 << 10}, 0, 0, false},
		"objects just being swept": {memory{objects: 10 * MiB, live: 12 * MiB, free: 0}, 0, 0, false},
		"what was left last time":  {memory{objects: 4 * MiB, live: 4 * MiB, free: 8 * MiB}, 0, 7 * MiB, false},
		"more than was left":       {memory{objects: 4 * MiB, live: 4 * MiB, free: 8 * MiB}, 0, 6 * MiB, true},
	} {
		before := c.m
		c.m.allocs = before.allocs + c.allocated
		if got := c.m.worth(before, c.left); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The heap is the real one, only the time is not.
func TestAQuietProcessGivesMemoryBack(t *testing.T) {
	garbage := make([][]byte, 64)
	for i := range garbage {
		garbage[i] = make([]byte, 1<<20)
	}
	runtime.GC() // it is live now, and garbage a moment later
	runtime.KeepAlive(garbage)
	core, logs := observer.New(zap.DebugLevel)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go Run(ctx, zap.New(core))
		// Free, but not given back, is what a collection leaves.
		time.Sleep(interval + time.Second)
		runtime.GC()
		time.Sleep(5 * interval)
		synctest.Wait()
	})
	if n := logs.Len(); n != 1 {
		t.Fatalf("gave memory back %d times", n)
	}
	if m := look(); m.spare() > 8<<20 {
		t.Errorf("%d bytes to spare are left", m.spare())
	}
}
