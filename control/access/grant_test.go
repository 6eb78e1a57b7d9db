package access_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
)

func TestNoRightImpliesAnother(t *testing.T) {
	all := []access.Rights{access.Publish, access.Read, access.Admin}
	for _, has := range all {
		g := access.NewGrant(access.Terms{Name: "n", Rights: has})
		for _, needed := range all {
			if err := g.Allow(needed); (err == nil) != (needed == has) {
				t.Errorf("%v allows %v: %v", has, needed, err)
			}
		}
		if err := g.Allow(access.Any); err != nil {
			t.Errorf("%v: %v", has, err)
		}
		if err := access.Everything("").Allow(has); err != nil {
			t.Errorf("everything: %v", err)
		}
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	g := access.NewGrant(access.Terms{Name: "billing", Rights: access.Read, Channels: patterns(t, "a", "b*")})
	tests := []struct {
		name    string
		err     error
		reason  access.Reason
		message string
	}{
		{"a right", g.Allow(access.Admin), access.MissingRight, "The token does not have the right to do this: admin."},
		{"a channel", g.Channel("a\"1"), access.OtherChannel, `The token is not for channel "a\"1".`},
		{"nothing", g.Channel("b1"), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if reason(t, tt.err) != tt.reason {
				t.Errorf("refused for %q", reason(t, tt.err))
			}
			if r, ok := tt.err.(*access.Refused); ok && (r.Message != tt.message || r.Name != "billing") {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestRightsHaveNames(t *testing.T) {
	rights, err := access.ParseRights([]string{"admin", "publish", "admin"})
	if err != nil || rights != access.Admin|access.Publish {
		t.Errorf("%v, %v", rights, err)
	}
	if got := access.All.String(); got != "publish read admin" {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"", "Admin", "all", "publish read"} {
		if _, err := access.ParseRight(name); err == nil {
			t.Errorf("%q is a right", name)
		}
	}
}

func TestItemsCountAgainstTheRate(t *testing.T) {
	type step struct {
		after  time.Duration
		items  int
		reason access.Reason
		wait   time.Duration
	}
	tests := []struct {
		name  string
		terms access.Terms
		steps []step
	}{
		{"without a rate", access.Terms{}, []step{{0, 1 << 30, "", 0}, {0, 1 << 30, "", 0}}},
		{"a burst is a second's worth by itself", access.Terms{PerSecond: 10}, []step{
			{0, 10, "", 0}, {0, 1, access.TooFast, 100 * time.Millisecond}, {100 * time.Millisecond, 1, "", 0}, {0, 1, access.TooFast, 100 * time.Millisecond},
		}},
		{"a burst of its own", access.Terms{PerSecond: 1, Burst: 100}, []step{
			{0, 99, "", 0}, {0, 2, access.TooFast, time.Second}, {0, 1, "", 0}, {time.Hour, 100, "", 0}, {0, 100, access.TooFast, 100 * time.Second},
		}},
		{"what is refused takes nothing", access.Terms{PerSecond: 2}, []step{
			{0, 1, "", 0}, {0, 2, access.TooFast, 500 * time.Millisecond}, {0, 1, "", 0}, {0, 0, "", 0},
		}},
		{"more than ever fits", access.Terms{PerSecond: 10, Burst: 5}, []step{{0, 6, access.TooManyItems, 0}, {0, 5, "", 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := access.NewGrant(tt.terms)
				for i, s := range tt.steps {
					time.Sleep(s.after)
					err := g.Take(s.items)
					if got := reason(t, err); got != s.reason {
						t.Fatalf("step %d: %v", i, err)
					}
					if err != nil && wait(err).Round(time.Millisecond) != s.wait {
						t.Errorf("step %d: wait %v, want %v", i, wait(err), s.wait)
					}
				}
			})
		})
	}
}

// TestWhoWaitsAsToldIsServed: what Retry-After says is enough.
func TestWhoWaitsAsToldIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := access.NewGrant(access.Terms{PerSecond: 7, Burst: 13})
		for n := 1; n <= 13; n++ {
			for range 20 {
				err := g.Take(n)
				if err == nil {
					continue
				}
				time.Sleep(wait(err))
				if err := g.Take(n); err != nil {
					t.Fatalf("%d items: %v after waiting", n, err)
				}
			}
		}
	})
}
