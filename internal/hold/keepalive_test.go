package hold

import (
	"strconv"
	"testing"
	"time"
)

func TestKeepAlivesAreShared(t *testing.T) {
	c := newKeepAlives()
	k := KeepAlive{Data: []byte(":\n\n"), Interval: time.Second}
	first := c.intern(k)
	if c.intern(KeepAlive{Data: []byte(":\n\n"), Interval: time.Second}) != first {
		t.Error("the same keep-alive was made twice")
	}
	for _, other := range []KeepAlive{
		{Data: []byte("\n"), Interval: time.Second},
		{Data: []byte(":\n\n"), Interval: time.Minute},
		{Data: []byte(":\n\n"), Interval: time.Second, Mode: Interval},
	} {
		if c.intern(other) == first {
			t.Errorf("%+v shares the form of %+v", other, k)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.intern(k) }); n != 0 {
		t.Errorf("%v allocations to find a known one, want none", n)
	}
}

func TestKeepAlivesAreBounded(t *testing.T) {
	c := newKeepAlives()
	for i := range 10 * maxKeepAlives {
		c.intern(KeepAlive{Data: []byte(strconv.Itoa(i)), Interval: time.Second})
	}
	if len(c.known) > maxKeepAlives {
		t.Errorf("%d are kept, want %d at most", len(c.known), maxKeepAlives)
	}
}

func TestNothingToSendIsNoKeepAlive(t *testing.T) {
	c := newKeepAlives()
	if c.intern(KeepAlive{Interval: time.Second}) != nil || c.intern(KeepAlive{Data: []byte("\n")}) != nil {
		t.Error("a keep-alive without data or interval is one")
	}
}

func TestKeepAlivesGetOutOfStep(t *testing.T) {
	k := keepAlive{interval: 20 * time.Second}
	seen := make(map[time.Duration]bool)
	for range 100 {
		wait := k.wait()
		if wait > 20*time.Second || wait < 18*time.Second {
			t.Fatalf("waits %v, want 18s to 20s", wait)
		}
		seen[wait] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different waits of 100", len(seen))
	}
}
