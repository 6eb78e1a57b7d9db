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
	// Fixed after Open.
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

// Open begins a lease of t that runs until expires.
func (b *Book) Open(t Tenant, expires time.Time, n Notice) *Lease {
	l := &Lease{book: b, tenant: t, notice: n}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extendLocked(expires)
	return l
}

// Tenant is whose lease it is.
func (l *Lease) Tenant() Tenant { return l.tenant }

// Takes reports whether digest is still that of the lease's secret.
func (l *Lease) Takes(digest string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.takesLocked(digest)
}

func (l *Lease) takesLocked(digest string) bool {
	return l.secret != "" && Digest(l.secret) == digest
}

// Extend has the lease run until expires, which may be sooner than before; the zero
// Time is for ever. digest is that of the secret by which the lease was found. It returns
// false if the lease is over, or has another secret by now: what was shown with the
// old one was judged before the lease was extended, or hurried.
func (l *Lease) Extend(digest string, expires time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.takesLocked(digest) {
		return false
	}
	l.extendLocked(expires)
	return true
}

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

// Hurry has the lease end within Notice.Before, unless it does anyway, with a challenge
// ahead of that: another one, if there was one. It returns false if the lease is over.
func (l *Lease) Hurry() bool {
	soon := time.Now().Add(l.notice.Before)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return false
	case l.expires.IsZero() || soon.Before(l.expires):
		l.extendLocked(soon)
	case l.challenged: // what is being shown now was judged before
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
