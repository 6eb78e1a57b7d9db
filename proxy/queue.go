package proxy

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Why a queue let nobody through.
var (
	errQueueFull = errors.New("as many wait already as may wait")
	errWaitOver  = errors.New("its turn did not come in time")
)

// queue holds requests back until it is their turn: first come, first served.
// A gate or a pace owns it, and says whose turn it is.
type queue struct {
	// Fixed from the start.
	length   int           // how many may wait at once
	patience time.Duration // how long each may wait
	counts   *queueCounts

	// Guards also what the owner decides by. Nobody waits for anything while
	// holding it.
	mu      sync.Mutex
	waiting list.List // of turn
}

// turn is closed when it has come, with the queue's mutex held.
type turn chan struct{}

// lineUp waits for the caller's turn. It is called with the mutex held, which
// it releases. The error is errQueueFull, errWaitOver, or that of ctx.
func (q *queue) lineUp(ctx context.Context) error {
	if q.waiting.Len() >= q.length {
		q.mu.Unlock()
		q.counts.full.Inc()
		return errQueueFull
	}
	mine := make(turn)
	place := q.waiting.PushBack(mine)
	q.mu.Unlock()
	q.counts.length.Inc()
	defer q.counts.length.Dec()
	start := time.Now()
	err := q.wait(ctx, place, mine)
	q.counts.waited(time.Since(start), err)
	return err
}

// wait returns nil when mine has come, even if something else has happened
// too: only so can the owner know what becomes of every turn.
func (q *queue) wait(ctx context.Context, place *list.Element, mine turn) error {
	timer := time.NewTimer(q.patience)
	defer timer.Stop()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
		return q.giveUp(place, mine, ctx.Err())
	case <-timer.C:
		return q.giveUp(place, mine, errWaitOver)
	}
}

// giveUp frees a place in the queue for the reason err, unless mine has come
// meanwhile.
func (q *queue) giveUp(place *list.Element, mine turn, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-mine:
		return nil
	default:
		q.waiting.Remove(place)
		return err
	}
}

// callLocked makes it the turn of who waits longest, and reports whether
// anybody waits.
func (q *queue) callLocked() bool {
	first := q.waiting.Front()
	if first == nil {
		return false
	}
	close(q.waiting.Remove(first).(turn))
	return true
}
