package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// However seats are taken and left in a round, everybody who is there from its
// beginning to its end has a turn, and exactly one.
func TestARoundPassesNobodyOver(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for round := range 500 {
		l := &loop{engine: &Engine{index: newIndex()}}
		log := new(channels.Log)
		all := make([]stream, 40)
		seated := make(map[*stream]bool)
		for i := range all[:20] {
			l.attach(&all[i], []*channels.Log{log, new(channels.Log)})
			seated[&all[i]] = true
		}
		a := l.engine.index.audience(l, log)
		turns, stayed := make(map[*stream]int), make(map[*stream]bool)
		for s := range seated {
			stayed[s] = true
		}
		for newcomer := 20; int(a.next) < len(a.seats); {
			switch s := &all[rnd.IntN(len(all))]; {
			case rnd.IntN(3) > 0:
				turns[a.seats[a.next]]++
				a.next++
			case seated[s]:
				l.detach(s)
				delete(seated, s)
				delete(stayed, s)
			case newcomer < len(all):
				l.attach(&all[newcomer], []*channels.Log{new(channels.Log), log})
				seated[&all[newcomer]] = true
				newcomer++
			}
		}
		for s := range stayed {
			if turns[s] != 1 {
				t.Fatalf("round %d: %d turns, want 1", round, turns[s])
			}
		}
		for s, n := range turns {
			if n > 1 {
				t.Fatalf("round %d: %p had %d turns", round, s, n)
			}
		}
		for s := range seated {
			l.detach(s)
		}
		if len(l.engine.index.first) > 0 {
			t.Fatalf("round %d: %d audiences are left", round, len(l.engine.index.first))
		}
	}
}

// A loud channel with many streams gives way to another after a share. The
// loop's work is done by hand here.
func TestALoudChannelGivesWay(t *testing.T) {
	r := makeRig(t, newQuiet())
	l := r.engine.loops[0]
	for range 10 * share {
		fd, _ := r.hold(t, 0, hold.Stream{}, "loud")
		defer unix.Close(fd)
	}
	lone, _ := r.hold(t, 0, hold.Stream{}, "lone")
	defer unix.Close(lone)
	work(l)
	r.publish(t, "loud", "x")
	r.publish(t, "lone", "y")
	l.collect()
	l.visits = 2 * share
	l.round(l.rounds.pop())
	l.round(l.rounds.pop())
	if left := l.visits; left != share-1 {
		t.Errorf("%d visits are left of %d, want %d", left, 2*share, share-1)
	}
	wantText(t, lone, chunk("y"))
	work(l)
	r.cutByHand(l)
}

// News, arrivals and departures at the same time: whoever follows a channel
// when something is published gets it, and is not left asleep.
func TestNoWakeUpIsLost(t *testing.T) {
	e := newRig(t)
	const streams, items = 30, 60
	var all sync.WaitGroup
	for i := range streams {
		all.Go(func() {
			channel := fmt.Sprint("c", i%5)
			for j := range items {
				fd, _ := e.hold(t, 0, hold.Stream{}, channel, fmt.Sprint("own", i))
				content := fmt.Sprintf("data: %d %d\n\n", i, j)
				e.publish(t, fmt.Sprint("own", i), content)
				e.publish(t, channel, "data: noise\n\n")
				var got string
				for start := time.Now(); !strings.Contains(got, chunk(content)); {
					some, err := readSome(fd, 1<<16)
					if got += some; err != nil || time.Since(start) > 30*time.Second {
						t.Errorf("got %q and then %v, want %q", got, err, content)
						break
					}
					if some == "" {
						time.Sleep(50 * time.Microsecond)
					}
				}
				unix.Close(fd)
			}
		})
	}
	all.Wait()
	for range streams * items {
		e.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
	}
}

// Loops are told of a log only if they have streams on it.
func TestPublishersWakeOnlyWhoIsConcerned(t *testing.T) {
	x := newIndex()
	e := &Engine{index: x}
	for range 3 {
		e.addLoop(newQuiet())
	}
	log, other := new(channels.Log), new(channels.Log)
	var first, second, third stream
	e.loops[0].attach(&first, []*channels.Log{log})
	e.loops[2].attach(&second, []*channels.Log{log, other})
	e.loops[2].attach(&third, []*channels.Log{log})
	want := func(when string, queued ...int) {
		t.Helper()
		for i, l := range e.loops {
			if got := len(x.take(l, nil)); got != queued[i] {
				t.Errorf("%s: loop %d has news on %d logs, want %d", when, i, got, queued[i])
			}
			if rung := len(l.bell) > 0; rung != (queued[i] > 0) {
				t.Errorf("%s: loop %d was rung: %v", when, i, rung)
			}
			for len(l.bell) > 0 {
				<-l.bell
			}
		}
	}
	x.wake(log)
	x.wake(log)
	want("news twice", 1, 0, 1)
	x.wake(log)
	x.wake(other)
	want("news on both logs", 1, 0, 2)
	x.wake(new(channels.Log))
	want("news on a log that nobody follows", 0, 0, 0)
	e.loops[2].detach(&second)
	x.wake(log)
	x.wake(other)
	want("after one has left", 1, 0, 1)
	e.loops[0].detach(&first)
	x.wake(log)
	want("after another has left", 0, 0, 1)
	e.loops[2].detach(&third)
	x.wake(log)
	want("after the last has left", 0, 0, 0)
}

// A held stream is one small object beside its cursor.
func TestAStreamIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(stream{}); size > 224 { // a size of Go's allocator
		t.Errorf("a stream has %d bytes, want 224 at most", size)
	}
}
