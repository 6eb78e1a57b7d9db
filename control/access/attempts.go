package access

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// freeFailures is how many wrong tokens from one address cost nothing.
	freeFailures = 10
	// firstPause is how long the next token is not looked at then; each further
	// wrong one doubles it, up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
	// forgetAfter is how long after the last wrong token all of an address's are
	// forgotten.
	forgetAfter = 15 * time.Minute

	// shownFor is how long a token that was good passes whatever else comes from
	// its address.
	shownFor = time.Hour
	// maxShown is how many tokens an address can have shown.
	maxShown = 16
	// maxAddresses is how many addresses are remembered. The one that was heard of
	// longest ago goes first. One that has shown one token takes about 300 bytes,
	// one that has shown as many as it can 1.3 KB: 13 MB at the very most.
	maxAddresses = 10_000
)

// attempts remembers which addresses have shown wrong tokens, and good ones. Its
// methods may be called from any goroutine.
type attempts struct {
	mu   sync.Mutex // no slow work while held
	from *simplelru.LRU[netip.Addr, *record]
}

// record is what is known of an address, under the mutex of attempts.
type record struct {
	failures int
	last     time.Time // of the failures
	wrong    hash      // the last wrong token's
	shown    []shown   // good tokens, the latest last
}

// shown is a token that was good.
type shown struct {
	token hash // zero: any that is signed
	at    time.Time
}

func newAttempts() *attempts {
	from, err := simplelru.NewLRU[netip.Addr, *record](maxAddresses, nil)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &attempts{from: from}
}

// closed returns for how long no token from an address is looked at: 0 if it is
// not slowed, or has lately shown a good one, which may be this one.
func (a *attempts) closed(from netip.Addr, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, known := a.from.Get(from)
	if !known || slices.ContainsFunc(r.shown, func(s shown) bool { return s.lately(now) }) {
		return 0
	}
	return r.pause(now)
}

// failed notes a wrong token, by its hash. If the address has to wait it is not
// noted, and for how long is returned.
func (a *attempts) failed(from netip.Addr, wrong hash, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.of(from)
	if wait := r.pause(now); wait > 0 {
		return wait
	}
	if r.failures > 0 && now.Sub(r.last) > forgetAfter {
		r.failures = 0
	}
	if r.failures == 0 || r.wrong != wrong {
		r.failures++
		r.last, r.wrong = now, wrong
	}
	return 0
}

// passed notes that a token was good, by its hash, which is zero for all that are
// signed. If the address has to wait, and that token was not shown there lately, it is
// not noted, and for how long is returned.
func (a *attempts) passed(from netip.Addr, good hash, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.of(from)
	i := slices.IndexFunc(r.shown, func(s shown) bool { return s.token == good })
	if i < 0 || !r.shown[i].lately(now) {
		if wait := r.pause(now); wait > 0 {
			return wait
		}
	}
	if i == len(r.shown)-1 && i >= 0 { // nearly always
		r.shown[i].at = now
		return 0
	}
	if i < 0 && len(r.shown) == maxShown {
		i = 0
	}
	if i >= 0 {
		r.shown = slices.Delete(r.shown, i, i+1)
	}
	r.shown = append(r.shown, shown{good, now})
	return 0
}

// of returns the record of an address, a new one if there is none.
func (a *attempts) of(from netip.Addr) *record {
	r, known := a.from.Get(from)
	if !known {
		r = &record{}
		a.from.Add(from, r)
	}
	return r
}

// pause is how long the address has still to wait.
func (r *record) pause(now time.Time) time.Duration {
	if r.failures < freeFailures {
		return 0
	}
	pause := longestPause
	if doublings := r.failures - freeFailures; doublings < 6 {
		pause = firstPause << doublings
	}
	return max(0, r.last.Add(pause).Sub(now))
}

func (s shown) lately(now time.Time) bool { return now.Sub(s.at) <= shownFor }
