package hold

import (
	"testing"
	"time"
)

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
