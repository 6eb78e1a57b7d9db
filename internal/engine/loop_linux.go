package engine

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

const (
	// What is read from a cursor and written at once, unless a single entry is
	// larger.
	batchEntries = 512
	batchBytes   = 64 << 10

	// A turn ends after so many visits or so long: then publishers, other
	// channels and the rest of the process have theirs. Measured: a pass over
	// 2,000 sockets without a pause makes others wait for 19 ms.
	turnVisits = 64
	turnTime   = 300 * time.Microsecond

	// share is how many streams of one channel are visited before another
	// channel with news has its turn.
	share = 16
)

// loop is a goroutine that owns sockets and writes to them.
type loop struct {
	// Fixed after newLoop.
	engine *Engine
	number int
	poller poller
	bell   chan struct{} // capacity 1, never closed: there is something new
	start  time.Time

	// Owned by run.
	batch   *hold.Batch
	streams []*stream // by slot
	free    []int32   // slots
	serial  uint32    // of the stream adopted last
	rounds  fifo[*audience]
	ready   fifo[*stream] // who has something to do, news or not
	news    []*audience   // scratch of collect
	wheel   wheel
	ticker  *time.Ticker
	now     time.Time
	visits  int // left in this turn
	trash   []byte
	sealed  []byte // scratch: what was encrypted and is to be sent
	// allowance is how much may still be read in this visit.
	allowance int
	kept      map[*stream]net.Conn // of streams that do not own their descriptor
	watched   bool                 // the poller's goroutine runs
	watch     sync.WaitGroup       // of it

	// Owned by open.
	sparePosts  []post
	spareEvents []event

	queue []*audience // with news; guarded by index.mu

	load atomic.Int32 // streams claimed and not yet gone

	mu     sync.Mutex // no slow work while held
	posts  []post
	events []event
}

func newLoop(e *Engine, number int, p poller) *loop {
	l := &loop{
		engine: e,
		number: number,
		poller: p,
		bell:   make(chan struct{}, 1),
		start:  time.Now(),
		batch:  hold.NewBatch(batchEntries, batchBytes),
		trash:  make([]byte, 4<<10),
		kept:   make(map[*stream]net.Conn),
		ticker: time.NewTicker(tick),
	}
	l.ticker.Stop() // nothing is armed yet
	return l
}

// run works until ctx ends, which must be after the last stream.
func (l *loop) run(ctx context.Context) {
	for ctx.Err() == nil {
		l.collect()
		if l.turn() {
			runtime.Gosched()
			continue
		}
		l.batch.Forget()
		l.sleep(ctx)
	}
	l.ticker.Stop()
	l.poller.close()
	l.watch.Wait()
}

// sleep returns when there may be something to do. It waits in Go's
// scheduler: a thread that blocks in epoll_wait takes its processor along, and
// waking it costs twice as much.
func (l *loop) sleep(ctx context.Context) {
	select {
	case <-l.bell:
	case <-l.ticker.C:
	case <-ctx.Done():
	}
}

// collect looks at everything that is new.
func (l *loop) collect() {
	l.now = time.Now()
	for l.open() {
	}
	l.news = l.engine.index.take(l, l.news[:0])
	for _, a := range l.news {
		if a.running {
			a.again = true
			continue
		}
		a.running = true
		l.rounds.push(a)
	}
	clear(l.news)
	l.turnWheel()
}

// turn delivers for a while and reports whether there is more to do. Channels
// take turns among themselves and with streams that have something to do by
// themselves, as those that are behind.
func (l *loop) turn() bool {
	l.visits = turnVisits
	end := l.now.Add(turnTime)
	for l.visits > 0 && l.now.Before(end) {
		if l.rounds.empty() && l.ready.empty() {
			return false
		}
		if !l.rounds.empty() {
			l.round(l.rounds.pop())
		}
		for n := 0; n < share && l.visits > 0 && !l.ready.empty(); n++ {
			l.attend(l.ready.pop())
		}
	}
	return true
}

// round gives an audience its share.
func (l *loop) round(a *audience) {
	for n := 0; n < share && l.visits > 0 && int(a.next) < len(a.seats); n++ {
		s := a.seats[a.next]
		a.next++
		l.deliver(s)
	}
	switch {
	case int(a.next) < len(a.seats):
		l.rounds.push(a)
	case a.again:
		a.again, a.next = false, 0
		l.rounds.push(a)
	default:
		a.running, a.next = false, 0
	}
}

// attend does what a stream has to do by itself.
func (l *loop) attend(s *stream) {
	s.ready = false
	if s.unread {
		l.receive(s)
	}
	l.deliver(s)
}

// makeReady has s attended to.
func (l *loop) makeReady(s *stream) {
	if !s.ready && s.phase != gone {
		s.ready = true
		l.ready.push(s)
	}
}

// since is how long after the loop's start it is.
func (l *loop) since() time.Duration { return l.now.Sub(l.start) }
