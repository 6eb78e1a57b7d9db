package nats

import (
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// settling is how long after a connection is made messages may still pass us
	// by: other servers of a cluster hear of our subscriptions a little later
	// than ours (2.4 ms at most, measured on three).
	settling = 100 * time.Millisecond
	// lossInterval is the shortest time between two interruptions, so that a
	// flood makes few.
	lossInterval = time.Second
)

// losses decides when streams are told of what may have been lost. Run owns it,
// but for the note.
type losses struct {
	note  chan struct{} // has room for one: something may have been lost
	due   *time.Timer   // to tell of it
	armed bool
	last  time.Time // when it was told
	// gated: what comes from now on is of another connection than what streams
	// have got, and waits until they are told.
	gated bool
}

func newLosses() losses {
	l := losses{note: make(chan struct{}, 1), due: time.NewTimer(0)}
	l.wait()
	return l
}

// arm sees to it that due fires: soon, or when enough time has passed since the
// last time.
func (l *losses) arm() {
	if l.armed {
		return
	}
	wait := settling
	if !l.gated {
		wait = max(settling, lossInterval-time.Since(l.last))
	}
	l.armed = true
	l.due.Reset(wait)
}

// wait is for the time without a connection.
func (l *losses) wait() {
	l.due.Stop()
	l.armed, l.gated = false, true
}

func (l *losses) told() { l.armed, l.gated, l.last = false, false, time.Now() }

// lost is called by the connection when it is lost, which is told of when there is
// one again, or when messages found no room.
func (s *Source) lost() {
	if !s.link.up.Load() {
		s.away.Store(true)
		s.current.Store(false)
	}
	s.mayHaveLost()
}

// connected is called for each connection, before which there was none.
func (s *Source) connected() {
	s.away.Store(false)
	s.current.Store(false)
	s.mayHaveLost()
}

// mayHaveLost may be called from any goroutine and never blocks.
func (s *Source) mayHaveLost() { signal(s.losses.note) }

// signal leaves a note in a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// noted is called with the note. When the connection has been lost, what is in the
// queue was sent before, and after what streams have not been told of yet. There
// can be nothing from the next one so soon.
func (s *Source) noted() {
	if !s.away.Load() {
		s.losses.arm()
		return
	}
	if s.losses.gated && len(s.queue) > 0 {
		s.interrupt()
	}
	for len(s.queue) > 0 {
		s.take(<-s.queue)
	}
	s.losses.wait()
}

// incoming is where the next message is taken from.
func (s *Source) incoming() <-chan *nats.Msg {
	if s.losses.gated {
		return nil
	}
	return s.queue
}

// interrupt tells all streams that they may have missed something.
func (s *Source) interrupt() {
	s.losses.told()
	if s.opts.Interrupt != nil && s.opts.Interrupt() {
		s.opts.Metrics.interruptions.Inc()
		s.quiet.lost.Do(func() { s.opts.Log.Warn("messages may have been lost, streams are told of a gap") })
	}
	s.current.Store(s.link.up.Load())
}
