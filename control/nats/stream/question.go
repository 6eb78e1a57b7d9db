package stream

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

// question is about channels that can be asked for at once.
type question struct {
	feeds []*feed
	since uint64 // what the channels had up to here is known
	bytes int    // what the subjects take in a request, at most
}

// tries is how often in a row something cannot be looked up before it is said, and
// tried with each sweep only.
const tries = 3

// questionsOf divides feeds among questions that take up to most bytes each. A
// channel is asked for together with others of which as much is known.
func questionsOf(feeds []*feed, most int) (all []question) {
	feeds = slices.Clone(feeds)
	slices.SortStableFunc(feeds, func(a, b *feed) int { return cmp.Compare(a.known(), b.known()) })
	var q question
	for _, f := range feeds {
		size := 2*len(f.stored) + len(`"",`) // JSON writes no character longer
		if len(q.feeds) > 0 && (len(q.feeds) == maxSubjects || q.bytes+size > most || q.since == 0 && f.known() > 0) {
			all, q = append(all, q), question{}
		}
		if len(q.feeds) == 0 {
			q.since = f.known()
		}
		q.feeds, q.bytes = append(q.feeds, f), q.bytes+size
	}
	if len(q.feeds) > 0 {
		all = append(all, q)
	}
	return all
}

// known is the place up to which the hub has all that the stream had.
func (f *feed) known() uint64 {
	if !f.filled {
		return 0
	}
	return f.proved
}

func (q *question) subjects() []string {
	all := make([]string, len(q.feeds), len(q.feeds)+1)
	for i, f := range q.feeds {
		all[i] = f.stored
	}
	return all
}

// answered returns the feeds that a census can tell about, and asks again for the
// others.
func (s *session) answered(questions []question, c census) (feeds []*feed) {
	for i, q := range questions {
		if !c.failed[i] {
			feeds = append(feeds, q.feeds...)
			continue
		}
		for _, f := range q.feeds {
			if f.failures++; f.failures < tries || f.filled && s.doubt != nil {
				s.ask(f)
			}
		}
	}
	for _, f := range feeds {
		f.failures = 0
	}
	s.failing = time.Time{}
	if c.problem != nil {
		s.warn(c.problem)
	}
	if c.problem != nil || s.bus.lookup.Load() != nil {
		s.judge(c.problem)
	}
	return feeds
}

// judge says whether there are channels that cannot be looked up. problem is why, nil
// if the last census has met with none.
func (s *session) judge(problem error) {
	switch stuck := s.stuck(); {
	case stuck == 0:
		s.bus.lookup.Store(nil)
	case problem != nil:
		s.bus.unlooked(fmt.Sprintf("the history of %d channels cannot be looked up: %v", stuck, problem))
	}
}

// stuck counts the channels that cannot be looked up.
func (s *session) stuck() (channels int) {
	for _, f := range s.bus.feeds {
		if f.failures >= tries {
			channels++
		}
	}
	return channels
}

// failed notes that there was no census at all, as while a leader is elected.
func (s *session) failed(err error) {
	if s.failing.IsZero() {
		s.failing = time.Now()
	}
	if time.Since(s.failing) > patience {
		s.bus.unlooked(fmt.Sprintf("history cannot be looked up: %v", err))
	}
	s.warn(err)
}

func (s *session) warn(err error) {
	s.bus.quiet.stream.Do(func() { s.bus.opts.Log.Warn("history cannot be looked up", zap.Error(err)) })
}
