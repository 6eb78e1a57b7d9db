package lease

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// witness notes what happens to a lease, and when.
type witness struct {
	start time.Time

	mu         sync.Mutex
	challenged []time.Duration
	left       []time.Duration
	secrets    []string
	expired    []time.Duration
}

// open begins a lease of its own.
func (w *witness) open(b *Book, runs, before, patience time.Duration) *Lease {
	w.start = time.Now()
	l := b.New(w, Notice{before, patience})
	l.Begin(w.start.Add(runs))
	return l
}

func (w *witness) Challenge(secret string, left time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.challenged = append(w.challenged, time.Since(w.start))
	w.left, w.secrets = append(w.left, left), append(w.secrets, secret)
}

func (w *witness) Expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expired = append(w.expired, time.Since(w.start))
}

// wait lets time pass.
func (w *witness) wait(d time.Duration) {
	w.mu.Lock() // tells the race detector that what was read until now was read before
	_ = w.start
	w.mu.Unlock()
	time.Sleep(d)
	synctest.Wait()
}

func TestALeaseIsChallengedAndThenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Hour, 60*time.Second, 20*time.Second)
		w.wait(59*time.Minute - time.Second)
		if len(w.challenged) != 0 {
			t.Fatalf("challenged after %v", w.challenged)
		}
		w.wait(2 * time.Hour)
		if len(w.challenged) != 1 || w.challenged[0] < 59*time.Minute || w.challenged[0] > 59*time.Minute+40*time.Second {
			t.Errorf("challenged after %v, want once from 59m0s to 59m40s", w.challenged)
		}
		if w.left[0] != time.Hour-w.challenged[0] {
			t.Errorf("challenged after %v with %v left", w.challenged[0], w.left[0])
		}
		if len(w.expired) != 1 || w.expired[0] != time.Hour {
			t.Errorf("expired after %v, want once after an hour", w.expired)
		}
		if l.Extend(Digest(w.secrets[0]), time.Now().Add(time.Hour), nil) || l.Hurry() || b.Find(Digest(w.secrets[0])) != nil || b.Len() != 0 {
			t.Error("an expired lease is still in the book")
		}
	})
}

func TestAnExtendedLeaseIsChallengedAnewWithAnotherSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
		defer l.Close()
		for round := range 5 {
			w.wait(55 * time.Second)
			if len(w.secrets) != round+1 {
				t.Fatalf("challenged %d times in round %d", len(w.secrets), round)
			}
			secret := w.secrets[round]
			if b.Find(Digest(secret)) != l {
				t.Fatal("the secret does not find its lease")
			}
			if !l.Extend(Digest(secret), time.Now().Add(time.Minute), nil) {
				t.Fatal("not extended")
			}
			if b.Find(Digest(secret)) != nil || b.Len() != 1 || l.Extend(Digest(secret), time.Time{}, nil) {
				t.Error("the old secret is still good")
			}
		}
		if len(w.expired) != 0 {
			t.Errorf("expired after %v", w.expired)
		}
	})
}

func TestALeaseCanBeExtendedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
		w.wait(55 * time.Second)
		if !l.Extend(Digest(w.secrets[0]), time.Time{}, nil) {
			t.Fatal("not extended")
		}
		w.wait(1000 * time.Hour)
		if len(w.challenged) != 1 || len(w.expired) != 0 || b.Len() != 1 || l.Has(Digest("")) {
			t.Errorf("challenged %v, expired %v, %d in the book", w.challenged, w.expired, b.Len())
		}
		l.Hurry()
		w.wait(25 * time.Second)
		if len(w.challenged) != 2 {
			t.Error("not challenged in a hurry")
		}
		w.wait(5 * time.Second)
		if len(w.expired) != 1 {
			t.Error("did not expire in a hurry")
		}
		if len(b.All()) != 0 {
			t.Error("it is still in the book")
		}
	})
}

func TestAShortLeaseIsChallengedSoon(t *testing.T) {
	for name, test := range map[string]struct{ runs, latest time.Duration }{
		"shorter than the notice":   {runs: 40 * time.Second, latest: 20 * time.Second},
		"shorter than the patience": {runs: 10 * time.Second, latest: 0},
		"over when it begins":       {runs: -time.Second, latest: 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := new(witness)
				w.open(NewBook(), test.runs, 60*time.Second, 20*time.Second)
				w.wait(test.latest)
				if len(w.challenged) != 1 {
					t.Fatalf("challenged %v", w.challenged)
				}
				w.wait(time.Minute)
				if len(w.expired) != 1 || w.expired[0] != max(0, test.runs) {
					t.Errorf("expired after %v, want %v", w.expired, test.runs)
				}
			})
		})
	}
}

func TestHurryingDoesNotPutTheEndOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(witness)
		l := w.open(NewBook(), 30*time.Second, 60*time.Second, 20*time.Second)
		w.wait(15 * time.Second)
		l.Hurry()
		w.wait(time.Minute)
		if len(w.challenged) != 2 || w.secrets[0] == w.secrets[1] || len(w.expired) != 1 || w.expired[0] != 30*time.Second {
			t.Errorf("challenged %v, expired %v", w.challenged, w.expired)
		}
	})
}

// Invariant: who is to show again that he may have it does so after that was said.
func TestASecretFromBeforeAHurryIsNoGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Hour, 60*time.Second, 20*time.Second)
		before := Digest(l.secret) // nobody can know it yet
		l.Hurry()
		if l.Has(before) || l.Extend(before, time.Time{}, func() { t.Error("said to be extended") }) {
			t.Error("extended")
		}
		w.wait(time.Minute)
		if len(w.challenged) != 1 || len(w.expired) != 1 {
			t.Errorf("challenged %v, expired %v", w.challenged, w.expired)
		}
	})
}

func TestWhoExtendsALeaseIsHeardBeforeItIsChallengedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
		defer l.Close()
		w.wait(55 * time.Second)
		if !l.Extend(Digest(w.secrets[0]), time.Now().Add(time.Second), func() {
			if l.calling.TryLock() { // nothing of fake time passes while somebody waits for it
				t.Error("it could be challenged meanwhile")
			}
		}) {
			t.Fatal("not extended")
		}
		synctest.Wait()
		if len(w.challenged) != 2 {
			t.Error("not challenged anew")
		}
	})
}

func TestAClosedLeaseIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
		secret := l.secret
		l.Close()
		l.Close()
		w.wait(time.Hour)
		if len(w.challenged)+len(w.expired) != 0 || b.Len() != 0 || l.Hurry() || l.Extend(Digest(secret), time.Time{}, nil) {
			t.Errorf("challenged %v, expired %v, %d in the book", w.challenged, w.expired, b.Len())
		}
	})
}

// Invariant: who ends at the same moment is challenged at different ones.
func TestTenThousandLeasesWithOneEndAreChallengedEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		for range 10_000 {
			w.open(b, time.Hour, 60*time.Second, 20*time.Second)
		}
		w.wait(2 * time.Hour)
		perSecond := map[time.Duration]int{}
		for _, at := range w.challenged {
			perSecond[at.Truncate(time.Second)]++
		}
		total := 0
		for at, n := range perSecond {
			if total += n; n > 2*10_000/40 {
				t.Errorf("%d challenges in the second after %v, want about 250", n, at)
			}
		}
		if total != 10_000 {
			t.Errorf("%d challenges", total)
		}
	})
}

// Two who know the secret are judged at the same time, and so is one while the
// operator asks for newer credentials: the lease is extended once, or not at all.
func TestASecretExtendsItsLeaseOnce(t *testing.T) {
	for name, meanwhile := range map[string]func(l *Lease, secret string) bool{
		"another answer":            func(l *Lease, secret string) bool { return l.Extend(Digest(secret), time.Now().Add(time.Minute), nil) },
		"another answer, for ever":  func(l *Lease, secret string) bool { return l.Extend(Digest(secret), time.Time{}, nil) },
		"newer credentials are due": func(l *Lease, _ string) bool { return l.Hurry() },
		"the lease is over":         func(l *Lease, _ string) bool { l.Close(); return true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := NewBook(), new(witness)
				l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
				defer l.Close()
				w.wait(55 * time.Second)
				secret := w.secrets[0]
				if !l.Has(Digest(secret)) || b.Find(Digest(secret)) != l {
					t.Fatal("the secret is not good")
				}
				if !meanwhile(l, secret) {
					t.Fatal("nothing has happened meanwhile")
				}
				if l.Has(Digest(secret)) || l.Extend(Digest(secret), time.Now().Add(time.Hour), nil) || b.Find(Digest(secret)) != nil {
					t.Error("the secret is good again")
				}
			})
		})
	}
}

// Who is hurried after the challenge gets another.
func TestHurryingAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := NewBook(), new(witness)
		l := w.open(b, time.Minute, 30*time.Second, 10*time.Second)
		w.wait(51 * time.Second)
		l.Hurry()
		w.wait(time.Second)
		if len(w.secrets) != 2 || w.secrets[0] == w.secrets[1] {
			t.Errorf("challenged %d times", len(w.secrets))
		}
		l.Close()
	})
}
