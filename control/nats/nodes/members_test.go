package nodes

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestANodeIsForgottenAfterAMinute(t *testing.T) {
	m, start := members{}, time.Unix(0, 0)
	m.heard("a", start)
	m.heard("b", start.Add(time.Second))
	m.forget(start.Add(time.Minute))
	if got := m.without(nil); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("after a minute: %v", got)
	}
	m.forget(start.Add(time.Minute + time.Second))
	if got := m.without(nil); !slices.Equal(got, []string{"b"}) {
		t.Errorf("later: %v", got)
	}
	m.heard("a", start.Add(2*time.Minute))
	if got := m.without(map[string]bool{"c": true}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("when it is heard of again: %v", got)
	}
}

func TestInventedNodesAreBounded(t *testing.T) {
	m, now := members{}, time.Unix(0, 0)
	for i := range 2 * maxMembers {
		m.heard(fmt.Sprint(i), now)
	}
	if len(m) != maxMembers {
		t.Errorf("%d are known", len(m))
	}
	m.heard("0", now.Add(time.Minute))
	m.heard("late", now.Add(2*time.Minute))
	if got := m.without(nil); !slices.Equal(got, []string{"0", "late"}) {
		t.Errorf("later %v are known", got)
	}
}
