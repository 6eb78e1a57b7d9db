package channels

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed says that the hub, or the cursor, has been closed.
var ErrClosed = errors.New("channels: closed")

// numShards is how many parts a hub's channels are in.
const numShards = 64

// Hub is all channels of a node. Its methods may be called from any goroutine.
type Hub struct {
	// Fixed.
	options Options
	classes classes
	shards  [numShards]*shard
	seed    maphash.Seed

	// Set by any goroutine.
	counters counters
	memory   atomic.Int64  // bytes charged
	head     atomic.Uint64 // the last seq whose entry is in its log
	known    atomic.Uint64 // the last seq that the feed knows of
	epoch    atomic.Pointer[string]
	// interrupted is stored under order, before anything that comes after it
	// is in its log.
	interrupted atomic.Pointer[interruptions]

	// order makes positions and log contents agree; see the package comment.
	// Encode runs under it.
	order     sync.Mutex
	closed    bool
	sequencer sequencer
	// unfreeable is the memory that was left when the limit could not be
	// reached; 0 if it was.
	unfreeable int64
}

// NewHub returns an empty hub.
func NewHub(o Options) *Hub {
	if o.Epoch == "" {
		o.Epoch = NewEpoch()
	}
	h := &Hub{options: o, classes: newClasses(o), seed: maphash.MakeSeed()}
	h.epoch.Store(&o.Epoch)
	h.interrupted.Store(new(interruptions))
	for i := range h.shards {
		h.shards[i] = newShard(h, o.IdleChannels/numShards)
	}
	h.sequencer = newSequencer(o)
	return h
}

// Head is the place of the entry appended last, or what the feed knows: a
// stream that starts here gets everything published from now on.
func (h *Hub) Head() Position {
	epoch := h.epoch.Load() // first: Restart stores it last
	return Position{*epoch, max(h.head.Load(), h.known.Load())}
}

// Epoch identifies the order that the hub's positions are of.
func (h *Hub) Epoch() string { return *h.epoch.Load() }

func (h *Hub) position(seq uint64) Position { return Position{h.Epoch(), seq} }

func (h *Hub) shard(channel string) *shard {
	return h.shards[maphash.String(h.seed, channel)%numShards]
}

// Publish implements Publisher for a hub without a feed. The items of one call
// are next to each other in the order, except for those that are parked.
func (h *Hub) Publish(ctx context.Context, items ...Item) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range items {
		if err := CheckName(items[i].Channel); err != nil {
			return nil, err
		}
	}
	results := make([]Result, len(items))
	news := make(news, 0, len(items)) // enough, unless what was parked goes too
	h.order.Lock()
	if h.closed {
		h.order.Unlock()
		return nil, ErrClosed
	}
	for i := range items {
		results[i] = h.sequenceLocked(&items[i], &news)
	}
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
	return results, nil
}

// appendLocked gives an item its place and its log the entry.
func (h *Hub) appendLocked(it *Item, news *news) Result {
	seq := h.head.Load() + 1
	e := it.entry(h.position(seq), time.Now())
	s := h.shard(it.Channel)
	l := s.acquire(it.Channel, true)
	l.chain(it, &e)
	tell, streams := l.append(e)
	h.head.Store(seq)
	s.release(l)
	h.counters.published.Add(1)
	news.add(l, tell)
	return Result{Status: Appended, Position: h.position(seq), Streams: streams}
}

// Flush appends everything that is parked, in the order in which it came, and
// parks nothing from now on: it is for the last moments of a process, in which
// waiting for a predecessor could mean never to arrive.
func (h *Hub) Flush() {
	var news news
	h.order.Lock()
	h.sequencer.hurried = true
	h.flushLocked(&news)
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
}

// Close refuses further publishes and followers. What is parked is appended
// first, and cursors can go on reading.
func (h *Hub) Close() {
	var news news
	h.order.Lock()
	if !h.closed {
		h.flushLocked(&news)
		h.closed = true
	}
	h.order.Unlock()
	news.tell()
}

// news is what groups must be told when the locks are released.
type news []struct {
	log  *Log
	tell audience
}

func (n *news) add(l *Log, tell audience) {
	if tell.first == nil || len(*n) > 0 && (*n)[len(*n)-1].log == l {
		return
	}
	*n = append(*n, struct {
		log  *Log
		tell audience
	}{l, tell})
}

func (n news) tell() {
	for _, item := range n {
		item.tell.wake(item.log)
	}
}
