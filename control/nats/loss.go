package nats

import "time"

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
}

func newLosses() losses {
	l := losses{note: make(chan struct{}, 1), due: time.NewTimer(0)}
	l.due.Stop()
	return l
}

// noted sees to it that due fires, soon or when enough time has passed since the
// last time.
func (l *losses) noted() {
	if !l.armed {
		l.armed = true
		l.due.Reset(max(settling, lossInterval-time.Since(l.last)))
	}
}

func (l *losses) told() { l.armed, l.last = false, time.Now() }

// connected is called for each connection, before which there was none.
func (s *Source) connected() {
	s.current.Store(false)
	s.mayHaveLost()
}

// lost is called when the connection is lost, which is told of when there is one
// again, or when messages found no room.
func (s *Source) lost() {
	if s.link.up.Load() {
		s.mayHaveLost()
		return
	}
	s.current.Store(false)
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

// interrupt tells all streams that they may have missed something.
func (s *Source) interrupt() {
	s.losses.told()
	if s.opts.Interrupt != nil && s.opts.Interrupt() {
		s.opts.Metrics.interruptions.Inc()
		s.quiet.lost.Do(func() { s.opts.Log.Warn("messages may have been lost, streams are told of a gap") })
	}
	s.current.Store(s.link.up.Load())
}
