package hold

import (
	"context"
	"runtime"
	"sync"

	"github.com/holdfast-proxy/holdfast/channels"
)

// kicksPerTurn is how many seats of one log are kicked before another log has
// its turn, and how many of all before what was kicked gets to run. Without
// that pause a broadcast would start all of its goroutines, and allocate their
// stacks, before the first of them could finish and leave its stack to others.
const kicksPerTurn = 64

// group tells the seats that follow a log that there is something new. It is
// the channels.Group of a holder: publishers only note which logs have news,
// a single goroutine kicks the seats.
type group struct {
	news chan struct{} // capacity 1, never closed: queue is not empty

	kicks uint // owned by run

	mu    sync.Mutex // no Kick while held
	logs  map[*channels.Log]*audience
	queue []*audience // whose state is queued
}

// audience is the seats that follow one log.
type audience struct {
	log *channels.Log

	// Guarded by group.mu.
	seats []entry
	state state

	// Owned by group.run.
	round []*Seat // who is being kicked
	next  int     // the next of them
}

// entry is a seat in an audience; seat.places[place] points back here.
type entry struct {
	seat  *Seat
	place int
}

// state is how far the news of an audience's log has come.
type state uint8

const (
	quiet  state = iota
	queued       // waits for its round
	round        // its seats are being kicked
	behind       // the same, and there was more news meanwhile
)

// Seat is a stream's or a waiter's place in its holder.
type Seat struct {
	ticket Ticket
	waiter Waiter
	places []place // guarded by group.mu
}

// place says where in an audience a seat stands.
type place struct {
	in *audience
	at int
}

func newGroup() *group {
	return &group{news: make(chan struct{}, 1), logs: make(map[*channels.Log]*audience)}
}

// Wake implements channels.Group.
func (g *group) Wake(l *channels.Log) {
	g.mu.Lock()
	a := g.logs[l]
	idle := a != nil && a.state == quiet
	if idle {
		g.enqueueLocked(a)
	} else if a != nil && a.state == round {
		a.state = behind
	}
	g.mu.Unlock()
	if idle {
		g.ring()
	}
}

// ring lets run look at the queue.
func (g *group) ring() {
	select {
	case g.news <- struct{}{}:
	default:
	}
}

func (g *group) enqueueLocked(a *audience) {
	a.state = queued
	g.queue = append(g.queue, a)
}

// attach seats s in the audience of every one of logs. News from before that
// is not told: the caller reads its cursor once by itself.
func (g *group) attach(logs []*channels.Log, s *Seat) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.places = make([]place, len(logs))
	for i, l := range logs {
		a := g.logs[l]
		if a == nil {
			a = &audience{log: l}
			g.logs[l] = a
		}
		s.places[i] = place{a, len(a.seats)}
		a.seats = append(a.seats, entry{s, i})
	}
}

// detach undoes attach.
func (g *group) detach(s *Seat) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range s.places {
		p.in.removeLocked(p.at)
		if len(p.in.seats) == 0 {
			delete(g.logs, p.in.log)
		}
	}
	s.places = nil
}

// removeLocked takes out the entry at i and moves the last one there.
func (a *audience) removeLocked(i int) {
	last := len(a.seats) - 1
	moved := a.seats[last]
	a.seats[i] = moved
	moved.seat.places[moved.place].at = i
	a.seats[last] = entry{}
	a.seats = a.seats[:last]
}

// run kicks seats until ctx ends. Logs with news take turns.
func (g *group) run(ctx context.Context) {
	var rounds []*audience
	for ctx.Err() == nil {
		if len(rounds) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-g.news:
			}
		}
		rounds = g.begin(rounds)
		rounds = g.turn(rounds)
	}
}

// begin starts a round for every queued audience and adds it to rounds.
func (g *group) begin(rounds []*audience) []*audience {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, a := range g.queue {
		a.state, a.next = round, 0
		for _, e := range a.seats {
			a.round = append(a.round, e.seat)
		}
		rounds = append(rounds, a)
		g.queue[i] = nil
	}
	g.queue = g.queue[:0]
	return rounds
}

// turn kicks a few seats of every audience and returns the audiences that are
// not through.
func (g *group) turn(rounds []*audience) []*audience {
	left := rounds[:0]
	for _, a := range rounds {
		end := min(a.next+kicksPerTurn, len(a.round))
		for _, s := range a.round[a.next:end] {
			g.kick(s)
		}
		a.next = end
		if a.next < len(a.round) {
			left = append(left, a)
			continue
		}
		g.finish(a)
	}
	clear(rounds[len(left):])
	return left
}

func (g *group) kick(s *Seat) {
	s.waiter.Kick()
	if g.kicks++; g.kicks%kicksPerTurn == 0 {
		runtime.Gosched()
	}
}

// finish ends a's round. News that came meanwhile begins another.
func (g *group) finish(a *audience) {
	clear(a.round)
	a.round = a.round[:0]
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.state != behind {
		a.state = quiet
		return
	}
	g.enqueueLocked(a)
	g.ring()
}
