package stream

import "context"

// syncing is somebody who waits until channels are up to date.
type syncing struct {
	channels []string
	census   int // the first that is good enough
	done     chan struct{}
}

// Sync is for channels.Feed: a census that begins after the call must have
// looked at the channels. Many calls share one.
func (b *Bus) Sync(ctx context.Context, channels ...string) error {
	w := &syncing{channels: channels, done: make(chan struct{})}
	select {
	case b.syncs <- w:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sync lets w wait for the next census.
func (s *session) sync(w *syncing) {
	w.census = s.censuses + 1
	for _, f := range s.feedsOf(w) {
		s.ask(f)
	}
	s.waiters = append(s.waiters, w)
}

// feedsOf are the feeds of the channels that are still kept.
func (s *session) feedsOf(w *syncing) (all []*feed) {
	for _, channel := range w.channels {
		if f := s.bus.feeds[s.liveOf(channel)]; f != nil {
			all = append(all, f)
		}
	}
	return all
}

// release lets those go on whose channels are up to date.
func (s *session) release() {
	if s.held.on {
		return // what has come is not in the hub
	}
	left := s.waiters[:0]
	for _, w := range s.waiters {
		if s.isSynced(w) {
			close(w.done)
		} else {
			left = append(left, w)
		}
	}
	clear(s.waiters[len(left):])
	s.waiters = left
}

func (s *session) isSynced(w *syncing) bool {
	for _, f := range s.feedsOf(w) {
		if f.checked < w.census || f.fetching || f.last < f.owed {
			return false
		}
	}
	return true
}
