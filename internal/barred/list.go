package barred

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The most rules that a List has: of those that name a token or a user, and of the
// others.
const (
	MaxNamed = 100_000
	MaxOther = 1_000
)

// ErrFull: the list has as many rules as it may have.
var ErrFull = errors.New("as many clients are barred as can be")

// List is rules with an end. Make it with NewList. It is safe for concurrent use.
type List struct {
	size     atomic.Int32 // of all rules; 0: nobody is barred
	channels atomic.Int32 // rules that name a channel

	mu      sync.RWMutex
	byToken map[string][]entry
	byUser  map[string][]entry
	others  []entry
	named   int       // rules in the maps
	swept   time.Time // when what is over was last removed
	first   time.Time // no rule is over before that
}

// entry is a rule until a moment.
type entry struct {
	Rule
	until time.Time
}

// NewList returns an empty list.
func NewList() *List {
	return &List{byToken: make(map[string][]entry), byUser: make(map[string][]entry)}
}

// Empty reports whether there is no rule, not even one that is over and not yet
// removed.
func (l *List) Empty() bool { return l.size.Load() == 0 }

// Len removes the rules that are over and returns how many are left.
func (l *List) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); !l.Empty() && !now.Before(l.first) {
		l.sweepLocked(now)
	}
	return int(l.size.Load())
}

// NamesChannels reports whether some rule names a channel: without one, a client's
// channels need not be known.
func (l *List) NamesChannels() bool { return l.channels.Load() > 0 }

// Add bars whom r means until a moment, or for longer if that was said before. The
// list keeps r's Meta. The error is ErrFull, or of Rule.Check.
func (l *List) Add(r Rule, until time.Time) error {
	if err := r.Check(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.fullLocked(&r) || now.Sub(l.swept) > time.Minute {
		l.sweepLocked(now)
	}
	if l.extendLocked(&r, until) {
		return nil
	}
	if l.fullLocked(&r) {
		return ErrFull
	}
	l.putLocked(entry{r, until})
	return nil
}

func (l *List) fullLocked(r *Rule) bool {
	if r.TokenID != "" || r.User != "" {
		return l.named >= MaxNamed
	}
	return len(l.others) >= MaxOther
}

// alikeLocked are the rules that are found as r is.
func (l *List) alikeLocked(r *Rule) []entry {
	switch {
	case r.TokenID != "":
		return l.byToken[r.TokenID]
	case r.User != "":
		return l.byUser[r.User]
	}
	return l.others
}

// extendLocked makes a rule that says the same as r last longer.
func (l *List) extendLocked(r *Rule, until time.Time) bool {
	alike := l.alikeLocked(r)
	i := slices.IndexFunc(alike, func(e entry) bool { return e.equal(r) })
	if i < 0 {
		return false
	}
	if until.After(alike[i].until) {
		alike[i].until = until
	}
	return true
}

func (l *List) putLocked(e entry) {
	if l.Empty() || e.until.Before(l.first) {
		l.first = e.until
	}
	switch {
	case e.TokenID != "":
		l.byToken[e.TokenID] = append(l.byToken[e.TokenID], e)
		l.named++
	case e.User != "":
		l.byUser[e.User] = append(l.byUser[e.User], e)
		l.named++
	default:
		l.others = append(l.others, e)
	}
	l.size.Add(1)
	l.channels.Add(e.namesChannel())
}

// namesChannel is 1 if the rule names a channel.
func (r *Rule) namesChannel() int32 {
	if r.Channel != "" {
		return 1
	}
	return 0
}

// sweepLocked removes what is over. The counts are read without the lock, so they go
// from what was to what is: nobody may find the list empty in between.
func (l *List) sweepLocked(now time.Time) {
	l.swept, l.first = now, time.Time{}
	l.named = l.sweepMapLocked(l.byToken) + l.sweepMapLocked(l.byUser)
	l.others = l.keepLocked(l.others)
}

// sweepMapLocked returns how many rules are left.
func (l *List) sweepMapLocked(m map[string][]entry) (left int) {
	for key, entries := range m {
		kept := l.keepLocked(entries)
		if left += len(kept); len(kept) == 0 {
			delete(m, key)
			continue
		}
		m[key] = kept
	}
	return left
}

// keepLocked returns the rules that are not over at l.swept.
func (l *List) keepLocked(entries []entry) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool {
		if l.swept.Before(e.until) {
			if l.first.IsZero() || e.until.Before(l.first) {
				l.first = e.until
			}
			return false
		}
		l.channels.Add(-e.namesChannel())
		l.size.Add(-1)
		return true
	})
}

// Bars reports whether c may not be held now.
func (l *List) Bars(c *Client) bool {
	if l.Empty() {
		return false
	}
	now := time.Now()
	means := func(e entry) bool { return now.Before(e.until) && e.Means(c) }
	l.mu.RLock()
	defer l.mu.RUnlock()
	return c.TokenID != "" && slices.ContainsFunc(l.byToken[c.TokenID], means) ||
		c.User != "" && slices.ContainsFunc(l.byUser[c.User], means) ||
		slices.ContainsFunc(l.others, means)
}
