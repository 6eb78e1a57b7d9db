package proxy

import "sync/atomic"

// users counts who needs something. Once all who did have left, nobody can enter any
// more. Whoever has entered may let others in.
type users struct{ n atomic.Int64 }

// first makes the caller the first user.
func (u *users) first() { u.n.Store(1) }

// enter counts one more, or reports that all had left.
func (u *users) enter() bool {
	for {
		n := u.n.Load()
		if n == 0 {
			return false
		}
		if u.n.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave reports whether the caller was the last.
func (u *users) leave() (last bool) { return u.n.Add(-1) == 0 }
