package lease

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Notice says how long before its end a lease is challenged.
type Notice struct {
	// Before and Patience are the most and the least; Before is not less than
	// Patience. A lease that is shorter is challenged sooner.
	Before, Patience time.Duration
}

// Tenant is what a lease is for. Its methods are called by goroutines of their own,
// and never after Lease.Close has returned but for one call that is under way.
type Tenant interface {
	// Challenge asks whoever has the lease to show within left that it may.
	Challenge(secret string, left time.Duration)
	// Expire takes it away.
	Expire()
}

// Lease is one of a Book's. It is safe for concurrent use.
type Lease struct {
	// Fixed after New.
	book   *Book
	tenant Tenant
	notice Notice

	calling sync.Mutex // held while a method of tenant is called; taken before mu

	mu         sync.Mutex
	secret     string // empty: it cannot be extended, or is over
	expires    time.Time
	challenged bool
	timer      *time.Timer // nil: it does not end
	round      int         // tells a timer that it has been replaced
	closed     bool
}

// New returns a lease of t, which has not begun: nobody finds it before Begin.
func (b *Book) New(t Tenant, n Notice) *Lease { return &Lease{book: b, tenant: t, notice: n} }

// Begin has the lease run until expires. It is called once, and may call the tenant at
// once, which therefore must be ready.
func (l *Lease) Begin(expires time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extendLocked(expires)
}

// Tenant is whose lease it is.
func (l *Lease) Tenant() Tenant { return l.tenant }

// Extend has the lease run until expires, which may be sooner than before; the zero
// Time is for ever. It returns false, and changes nothing, unless its secret has this
// digest: what was granted for a secret that is used, or replaced by Hurry, does not
// count. extended, unless nil, is called after that and before any call to the Tenant,
// so neither may it wait for one.
func (l *Lease) Extend(digest string, expires time.Time, extended func()) bool {
	l.calling.Lock()
	defer l.calling.Unlock()
	if !l.redeem(digest, expires) {
		return false
	}
	if extended != nil {
		extended()
	}
	return true
}

func (l *Lease) redeem(digest string, expires time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hasLocked(digest) {
		return false
	}
	l.extendLocked(expires)
	return true
}

// Has reports whether the lease can be extended by the secret with this digest.
func (l *Lease) Has(digest string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hasLocked(digest)
}

func (l *Lease) hasLocked(digest string) bool { return l.secret != "" && Digest(l.secret) == digest }

func (l *Lease) extendLocked(expires time.Time) {
	l.expires, l.challenged = expires, false
	if expires.IsZero() {
		l.book.keep(l, l.secret)
		l.secret = ""
		l.disarmLocked()
		return
	}
	l.secret = l.book.enter(l, l.secret)
	l.armLocked(l.noticeLocked())
}

// noticeLocked is how long to wait before the challenge.
func (l *Lease) noticeLocked() time.Duration {
	latest := time.Until(l.expires) - l.notice.Patience
	if latest <= 0 {
		return 0
	}
	earliest := max(0, latest-(l.notice.Before-l.notice.Patience))
	return earliest + rand.N(latest-earliest+1)
}

// Hurry has the lease end within Notice.Before, with a challenge ahead of that, unless
// it does anyway. A challenge from before is no good any more: there is another. It
// returns false if the lease is over.
func (l *Lease) Hurry() bool {
	soon := time.Now().Add(l.notice.Before)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return false
	case l.expires.IsZero() || soon.Before(l.expires):
		l.extendLocked(soon)
	case l.challenged:
		l.extendLocked(l.expires)
	}
	return true
}

// Close ends the lease: what it was for is gone. It may be called more than once.
func (l *Lease) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeLocked()
}

func (l *Lease) closeLocked() {
	if l.closed {
		return
	}
	l.closed = true
	l.disarmLocked()
	l.book.leave(l, l.secret)
	l.secret = ""
}

// armLocked has the lease looked at after a while.
func (l *Lease) armLocked(after time.Duration) {
	l.disarmLocked()
	round := l.round
	l.timer = time.AfterFunc(after, func() { l.due(round) })
}

func (l *Lease) disarmLocked() {
	l.round++
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// due challenges, or takes away, unless its timer has been replaced.
func (l *Lease) due(round int) {
	l.calling.Lock()
	defer l.calling.Unlock()
	if call := l.next(round); call != nil {
		call()
	}
}

// next is what to do now; nil: nothing.
func (l *Lease) next(round int) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || round != l.round {
		return nil
	}
	if l.challenged {
		l.closeLocked()
		return l.tenant.Expire
	}
	l.challenged = true
	left := max(0, time.Until(l.expires))
	l.armLocked(left)
	secret := l.secret
	return func() { l.tenant.Challenge(secret, left) }
}
