package proxy

import (
	"context"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// pace lets requests through at a rate. Those that come faster wait in a
// queue.
//
// rate.Limiter alone would do for that, were it not for clients that leave: a
// reservation that is cancelled in the middle gives nothing to those after it.
// So only who is first in the queue is ever given a token.
type pace struct {
	queue

	// Guarded by mu.
	tokens  *rate.Limiter
	calling bool // call is on its way
}

// newPace returns a pace of perSecond requests, burst of them at once after a
// pause. It is nil if perSecond is 0.
func newPace(perSecond, burst int, l *Limits, counts *queueCounts) *pace {
	if perSecond == 0 {
		return nil
	}
	return &pace{queue: l.queue(counts), tokens: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// enter returns nil when the caller may go on. It waits for that as long as
// the queue allows; see queue.lineUp for the errors. Without a wait it allocates
// nothing. A nil pace lets everybody through.
func (p *pace) enter(ctx context.Context) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	if p.waiting.Len() == 0 && p.tokens.Allow() {
		p.mu.Unlock()
		return nil
	}
	p.callLaterLocked()
	return p.lineUp(ctx)
}

// call gives the tokens there are to those who wait.
func (p *pace) call() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calling = false
	for p.waiting.Len() > 0 {
		if !p.tokens.Allow() {
			p.callLaterLocked()
			return
		}
		p.callLocked()
	}
}

// callLaterLocked makes call run when there is another token.
func (p *pace) callLaterLocked() {
	if p.calling {
		return
	}
	p.calling = true
	seconds := (1 - p.tokens.Tokens()) / float64(p.tokens.Limit())
	time.AfterFunc(time.Duration(math.Ceil(seconds*float64(time.Second))), p.call)
}
