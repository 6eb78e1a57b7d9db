package stream

import "sync"

// interest is what the hub has told since it was looked at last.
type interest struct {
	mu      sync.Mutex
	changes []change
	news    chan struct{} // has room for one
}

type change struct {
	channel string
	wanted  bool
}

func newInterest() *interest { return &interest{news: make(chan struct{}, 1)} }

func (i *interest) add(c change) {
	i.mu.Lock()
	i.changes = append(i.changes, c)
	i.mu.Unlock()
	signal(i.news)
}

// take returns the changes in the order in which they came.
func (i *interest) take() []change {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := i.changes
	i.changes = nil
	return all
}

// signal leaves a note in a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Want is for channels.Feed.
func (b *Bus) Want(channel string) { b.interest.add(change{channel, true}) }

// Drop is for channels.Feed.
func (b *Bus) Drop(channel string) { b.interest.add(change{channel, false}) }
