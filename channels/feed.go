package channels

import (
	"context"
	"math"
	"time"
)

// Feed is where a hub's entries come from when their order and their history
// are kept elsewhere: by a bus that several nodes share. Such a hub publishes
// nothing by itself. It tells the feed which channels it keeps, gets their
// history with Fill, and what is new with Deliver; a position is the place that
// the bus gave.
type Feed interface {
	// Want is called when the hub begins to keep a channel, and Drop when it
	// has forgotten it. For one channel they take turns. Both are called with
	// locks held: they return at once and do not call the hub.
	Want(channel string)
	Drop(channel string)
	// Sync returns when all that was acknowledged to publishers before, on any
	// node, is in the logs of these channels, which are kept, and Learn has
	// been told of it. It waits for the bus.
	Sync(ctx context.Context, channels ...string) error
}

// Placed is an item that has its place already.
type Placed struct {
	Item
	// Seq is its place in the bus's order, At when it was given.
	Seq uint64
	At  time.Time
}

// History is what a channel's log begins with.
type History struct {
	// Items are in order.
	Items []Placed
	// Floor is the place up to which the bus may have had items that it does
	// not have any more.
	Floor uint64
}

// Fill gives a channel that the feed was told to want its history, and lets
// followers in. The feed must have called Advance for the last place that the
// history can hold. A channel that is not kept any more is left alone. One that
// is filled already gets what it does not have: it can have been forgotten and
// wanted again while the feed was looking for its history, and then it is filled
// twice, with what came between in the second history alone.
func (h *Hub) Fill(channel string, from History) {
	var news news
	s := h.shard(channel)
	h.order.Lock()
	if l := s.acquire(channel, false); l != nil {
		h.fillLocked(l, &from, &news)
		s.release(l)
	}
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
}

func (h *Hub) fillLocked(l *Log, from *History, news *news) {
	again := l.isFilled()
	switch {
	case !again:
		l.beginAt(from.Floor)
	case from.Floor > l.top():
		news.add(l, h.breakLocked(l, from.Floor))
	}
	for i := range from.Items {
		news.add(l, h.placeLocked(l, &from.Items[i]))
	}
	l.expire(time.Now())
	if !again {
		close(l.filled)
	}
}

// Deliver appends what is new on channels that have been filled. What the logs
// have already, and what is for channels that are not kept or not filled yet, is
// passed over: it will be in their history. Items of one channel must come in
// order; those of several should, for a place counts as reached when something
// with it or above it has been delivered.
func (h *Hub) Deliver(items ...Placed) {
	news := make(news, 0, 8)
	h.order.Lock()
	for i := range items {
		it := &items[i]
		s := h.shard(it.Channel)
		if l := s.acquire(it.Channel, false); l != nil {
			if l.isFilled() {
				news.add(l, h.placeLocked(l, it))
			}
			s.release(l)
		}
		h.advance(it.Seq)
	}
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
}

// placeLocked appends an item in its own place.
func (h *Hub) placeLocked(l *Log, it *Placed) (tell audience) {
	if it.Seq <= l.top() {
		return tell
	}
	if h.repeatedLocked(it) {
		h.counters.duplicates.Add(1)
		return tell
	}
	e := it.entry(h.position(it.Seq), it.At)
	e.late = h.latenessLocked(l, it.Seq)
	l.chain(&it.Item, &e)
	tell, _ = l.append(e)
	h.counters.published.Add(1)
	h.continueLocked(it.Channel, it.ID, nil)
	return tell
}

// repeatedLocked reports whether an earlier item of the channel has the same
// id, within the de-duplication window. By the bus's time alone, so that all
// nodes say the same, and the same again when a channel is filled again.
func (h *Hub) repeatedLocked(it *Placed) bool {
	if !h.remembersIDs(&it.Item) {
		return false
	}
	h.forgetIDsLocked(it.At)
	first, known := h.sequencer.seen.Peek(itemKey{it.Channel, it.ID})
	if known && first.seq < it.Seq && it.At.Sub(first.at) < h.options.DedupWindow {
		return true
	}
	h.rememberLocked(&it.Item, sighting{it.At, it.Seq})
	return false
}

// Advance tells that all items up to seq, of channels that are filled, have been
// delivered.
func (h *Hub) Advance(seq uint64) {
	h.order.Lock()
	h.advance(seq)
	h.order.Unlock()
	h.Learn(seq)
}

func (h *Hub) advance(seq uint64) { h.head.Store(max(h.head.Load(), seq)) }

// Learn tells how far the bus's order has come, whether delivered or not.
// Streams without a resume point start no earlier.
func (h *Hub) Learn(seq uint64) {
	for {
		known := h.known.Load()
		if seq <= known || h.known.CompareAndSwap(known, seq) {
			return
		}
	}
}

// Break tells the followers of a channel, those who return included, that
// items up to seq are lost that came after the last one delivered. What is
// delivered up to there later is passed over. A channel that is not filled is
// left alone: its history will tell.
func (h *Hub) Break(channel string, seq uint64) {
	var news news
	s := h.shard(channel)
	h.order.Lock()
	if l := s.acquire(channel, false); l != nil {
		if l.isFilled() && seq > l.top() {
			news.add(l, h.breakLocked(l, seq))
			h.advance(seq) // or those who are told could not read it
		}
		s.release(l)
	}
	h.enforceMemoryLocked(&news)
	h.order.Unlock()
	news.tell()
}

// breakLocked appends an entry that tells of what is lost.
func (h *Hub) breakLocked(l *Log, seq uint64) (tell audience) {
	l.last = ""
	tell, _ = l.append(Entry{seq: seq, at: time.Now().UnixNano(), late: h.latenessLocked(l, seq), gap: true})
	return tell
}

// latenessLocked is how far readers can have got beyond what comes at seq. Those
// of l had to wait while it was not filled.
func (h *Hub) latenessLocked(l *Log, seq uint64) uint32 {
	if head := h.head.Load(); head > seq && l.isFilled() {
		return uint32(min(head-seq, math.MaxUint32))
	}
	return 0
}

// Restart begins a new order, with no history: nothing that clients have seen
// can be placed in it. All streams are ended, their cursors return ErrClosed,
// and every channel that is kept waits to be filled again.
func (h *Hub) Restart(epoch string) {
	var news news
	h.order.Lock()
	h.head.Store(0)
	h.known.Store(0)
	h.epoch.Store(&epoch)
	h.sequencer.seen.Purge()
	h.flushLocked(&news)
	for _, s := range h.shards {
		s.eachUnpacked(func(l *Log) { news.add(l, l.restart()) })
	}
	h.order.Unlock()
	news.tell()
}

// Await returns when all the channels can be followed, and keeps them so until
// release is called or the order ends. Without a feed that is at once. The error
// is ErrClosed, a *NameError, or why ctx ended before that; release is nil then.
func (h *Hub) Await(ctx context.Context, names ...string) (release func(), err error) {
	if h.options.Feed == nil {
		return func() {}, nil
	}
	subs := subscriptions(names)
	if err := h.admit(subs); err != nil {
		return nil, err
	}
	c := &Cursor{hub: h}
	c.join(subs)
	if err := c.await(ctx); err != nil {
		c.abandon()
		return nil, err
	}
	return c.abandon, nil
}

func subscriptions(names []string) []Subscription {
	subs := make([]Subscription, len(names))
	for i, name := range names {
		subs[i].Channel = name
	}
	return subs
}

// await returns when all of the cursor's logs can be followed.
func (c *Cursor) await(ctx context.Context) error {
	if c.hub.options.Feed == nil {
		return nil
	}
	for i := range c.legs {
		select {
		case <-c.legs[i].log.filling():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// recognize makes sure that what the client has seen last is not unknown here
// only because another node was faster.
func (c *Cursor) recognize(ctx context.Context, f *Follow) error {
	if c.hub.options.Feed == nil || c.recognizes(f) {
		return nil
	}
	names := make([]string, len(c.legs))
	for i := range c.legs {
		names[i] = c.legs[i].log.name
	}
	return c.hub.options.Feed.Sync(ctx, names...)
}

// recognizes reports whether the logs know what f says was seen last, or can
// never know it.
func (c *Cursor) recognizes(f *Follow) bool {
	for i := range c.legs {
		g := &c.legs[i]
		if id := f.Subscriptions[g.sub].PrevID; id != "" && !g.log.hasItem(id) {
			return false
		}
	}
	if f.Resume.ID == "" || f.Resume.Lenient || !f.asksClient() {
		return true
	}
	if p, ok := ParsePosition(f.Resume.ID); ok {
		return p.Epoch != *c.epoch || p.Seq <= c.hub.Head().Seq
	}
	_, matches := c.lookup(f.Resume.ID)
	return matches > 0
}

// hasItem reports whether the log knows an item's place.
func (l *Log) hasItem(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _, known := l.afterItemLocked(id)
	return known
}
