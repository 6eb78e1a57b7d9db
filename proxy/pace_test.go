package proxy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a pace of ten a second, two of them at once, in fake time. Whoever
// has to wait does so in a queue of three for ten seconds.
func slow() *pace { return newPace(10, 2, testLimits(), newTestCounts()) }

// turnOf is what passes between two turns at that pace, and a bit, since rates
// are not whole nanoseconds.
const turnOf = 100*time.Millisecond + time.Microsecond

func TestAPaceLetsABurstInAndThenOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, slow())
		for who := 1; who <= 5; who++ {
			c.come(t.Context(), who)
		}
		c.wantIn(1, 2)
		time.Sleep(turnOf)
		c.wantIn(1, 2, 3)
		time.Sleep(turnOf)
		c.wantIn(1, 2, 3, 4)
		time.Sleep(turnOf)
		c.wantIn(1, 2, 3, 4, 5)
	})
}

func TestAPaceRecoversItsBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, slow())
		for who := 1; who <= 3; who++ {
			c.come(t.Context(), who)
		}
		time.Sleep(time.Second)
		for who := 4; who <= 6; who++ {
			c.come(t.Context(), who)
		}
		c.wantIn(1, 2, 3, 4, 5)
		time.Sleep(turnOf)
		c.wantIn(1, 2, 3, 4, 5, 6)
	})
}

func TestNobodyOvertakesWhoWaitsForAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := slow()
		c := newCrowd(t, p)
		for who := 1; who <= 3; who++ {
			c.come(t.Context(), who)
		}
		p.mu.Lock()
		p.tokens.SetBurst(3) // there is a token before call comes
		p.tokens.SetLimit(1e6)
		p.mu.Unlock()
		time.Sleep(time.Millisecond)
		c.come(t.Context(), 4)
		c.wantIn(1, 2)
	})
}

func TestWhoLeavesTheQueueOfAPaceTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, slow())
		leaving, leave := context.WithCancel(t.Context())
		c.come(t.Context(), 1)
		c.come(t.Context(), 2)
		c.come(leaving, 3)
		c.come(leaving, 4)
		c.come(t.Context(), 5)
		c.come(t.Context(), 6)
		c.wantError(6, errQueueFull)
		leave()
		c.wantError(3, context.Canceled)
		c.wantError(4, context.Canceled)
		time.Sleep(turnOf)
		c.wantIn(1, 2, 5)
	})
}

func TestNobodyWaitsForeverForAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := slow()
		p.patience = 150 * time.Millisecond
		c := newCrowd(t, p)
		for who := 1; who <= 4; who++ {
			c.come(t.Context(), who)
		}
		time.Sleep(time.Second)
		c.wantIn(1, 2, 3)
		c.wantError(4, errWaitOver)
		c.come(t.Context(), 5)
		c.come(t.Context(), 6)
		c.wantIn(1, 2, 3, 5, 6)
	})
}
