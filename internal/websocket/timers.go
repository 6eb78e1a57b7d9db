package websocket

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// idleLook is how long deliver waits when nothing is due.
const idleLook = time.Hour

// timers are what the origin has asked to be sent later. Its methods may be called
// from any goroutine.
type timers struct {
	mu      sync.Mutex
	keep    *grip.SocketKeepAlive // nil: none
	from    time.Time             // when it was asked for or sent last
	early   time.Duration         // how much sooner than its interval it is sent
	delayed *grip.SendDelayed     // nil: none
	at      time.Time             // when that is due
}

// keepAlive asks for keep-alives, or for none.
func (t *timers) keepAlive(k *grip.SocketKeepAlive) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep = nil
	if k.Content != nil {
		t.keep = k
		t.restart()
	}
}

// restart begins an interval. It is up to a tenth shorter, at random, so that
// clients do not stay in step.
func (t *timers) restart() {
	t.from = time.Now()
	t.early = rand.N(t.keep.Interval/10 + 1)
}

// delay asks for a message to be sent later, and returns the one that waited
// before; nil for either is none.
func (t *timers) delay(d *grip.SendDelayed) (before *grip.SendDelayed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, t.delayed = t.delayed, d
	if d != nil {
		t.at = time.Now().Add(d.Wait)
	}
	return before
}

// due takes what is due, if anything, and says when to look again. wrote is when
// the client was written to last.
func (t *timers) due(wrote time.Time) (d *grip.SendDelayed, k *grip.SocketKeepAlive, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait = idleLook
	if t.delayed != nil {
		if wait = time.Until(t.at); wait <= 0 {
			d, t.delayed = t.delayed, nil
			return d, nil, 0
		}
	}
	if t.keep == nil {
		return nil, nil, wait
	}
	from := t.from
	if !t.keep.Always && wrote.After(from) {
		from = wrote
	}
	left := time.Until(from.Add(t.keep.Interval - t.early))
	if left > 0 {
		return nil, nil, min(wait, left)
	}
	t.restart()
	return nil, t.keep, 0
}

// sendDue sends what is due and returns how long nothing else is.
func (s *Session) sendDue() (wait time.Duration, err error) {
	for {
		d, k, wait := s.timers.due(time.Unix(0, s.out.wrote.Load()))
		switch {
		case d != nil:
			err = s.out.send(wire.OpCode(d.Message), d.Content)
		case k != nil:
			s.Counts.KeepAlive()
			err = s.out.send(wire.OpCode(k.Message), k.Content)
		default:
			return wait, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
