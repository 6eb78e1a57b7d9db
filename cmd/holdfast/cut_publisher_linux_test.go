package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// cutPublisher publishes through one node, one event after the other, each until it
// is acknowledged.
type cutPublisher struct {
	trial  *trial
	index  int
	node   *clusterNode
	random *rand.Rand

	acknowledged []string // read when publish has returned

	mu      sync.Mutex
	answers []cutAnswer
}

// cutAnswer is what a publisher was told.
type cutAnswer struct {
	status    int
	asked, at time.Time
}

func (p *cutPublisher) publish() {
	for i := 0; !p.trial.quiet.Load() && p.trial.ctx.Err() == nil; i++ {
		channel := fmt.Sprintf("c%d", p.random.IntN(trialChannels))
		id := fmt.Sprintf("%s-%d-%d", channel, p.index, i)
		for p.post(channel, id) != http.StatusOK {
			if p.trial.ctx.Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		p.acknowledged = append(p.acknowledged, id)
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *cutPublisher) post(channel, id string) int {
	asked := time.Now()
	status, answer, err := p.node.ask(http.MethodPost, "/channels/"+channel+"?id="+id, id)
	if !slices.Contains([]int{http.StatusOK, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status) {
		p.trial.t.Errorf("publisher %d was answered %d %s, %v", p.index, status, answer, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, cutAnswer{status, asked, time.Now()})
	return status
}

// report tells what the publisher was answered to what it asked in a cut. Through
// the node that was cut off, nothing may be acknowledged before the cut is healed.
func (p *cutPublisher) report(began, healed time.Time, cutOff bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	statuses, longest, early := map[int]int{}, time.Duration(0), 0
	for _, a := range p.answers {
		if a.at.Before(began) || a.asked.After(healed) {
			continue
		}
		statuses[a.status]++
		longest = max(longest, a.at.Sub(a.asked))
		if a.status == http.StatusOK && a.asked.After(began) && a.at.Before(healed) {
			early++
		}
	}
	if cutOff && early > 0 {
		p.trial.t.Errorf("%d events were acknowledged through node %d, which was cut off", early, p.index)
	}
	if !cutOff && early == 0 {
		p.trial.t.Errorf("nothing was acknowledged through node %d, which was not cut off", p.index)
	}
	p.trial.t.Logf("publisher at node %d: answers %v, the longest after %v", p.index, statuses, longest.Round(10*time.Millisecond))
}

// readiness is what /readyz says, in the course of time.
type readiness struct {
	stop, done chan struct{}
	unready    time.Time // when it was not ready first
	ready      time.Time // when it was ready again
	reasons    []string  // as they came
}

func watchReadiness(n *clusterNode) *readiness {
	w := &readiness{stop: make(chan struct{}), done: make(chan struct{})}
	began := time.Now()
	go func() {
		defer close(w.done)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-tick.C:
				w.look(n, began)
			case <-w.stop:
				w.look(n, began)
				return
			}
		}
	}()
	return w
}

func (w *readiness) look(n *clusterNode, began time.Time) {
	status, answer, err := n.ask(http.MethodGet, "/readyz", "")
	said := fmt.Sprint(answer, err)
	now := time.Now()
	if len(w.reasons) == 0 || w.reasons[len(w.reasons)-1][len("00000 ms "):] != said {
		w.reasons = append(w.reasons, fmt.Sprintf("%5d ms %s", now.Sub(began).Milliseconds(), said))
	}
	switch {
	case status != http.StatusOK:
		w.ready = time.Time{}
		if w.unready.IsZero() {
			w.unready = now
		}
	case w.ready.IsZero() && !w.unready.IsZero():
		w.ready = now
	}
}

// end returns when the node was not ready first, and when for good again.
func (w *readiness) end() (unready, ready time.Time, reasons []string) {
	close(w.stop)
	<-w.done
	return w.unready, w.ready, w.reasons
}
