package bench

import "time"

// A part is what one client has counted. Parts of several clients add up. They
// travel as JSON.
type part struct {
	Opened  int            `json:"opened"`
	Failed  map[string]int `json:"failed"` // by reason
	Ended   map[string]int `json:"ended"`  // early, by reason
	Connect *histogram     `json:"connect"`

	// Of the streams that read.
	Latency             *histogram `json:"latency"`
	Own                 *histogram `json:"own"` // without the channel that all follow
	First, Median, Last *histogram // of the passes over this client's streams
	counts

	Stuck stuckPart     `json:"stuck"`
	Until time.Duration `json:"until"` // the clock at the last delivery
}

// counts is what streams have seen.
type counts struct {
	Due        int64
	Delivered  int64 // each event once per stream
	Duplicates int
	OutOfOrder int
	Strays     int
	Gaps       int
	Others     int
	Bytes      int64
}

func (c *counts) add(d counts) {
	c.Due += d.Due
	c.Delivered += d.Delivered
	c.Duplicates += d.Duplicates
	c.OutOfOrder += d.OutOfOrder
	c.Strays += d.Strays
	c.Gaps += d.Gaps
	c.Others += d.Others
	c.Bytes += d.Bytes
}

// stuckPart is what became of the streams that did not read, once they did.
type stuckPart struct {
	Streams int `json:"streams"`
	Whole   int `json:"whole"`  // got everything
	Told    int `json:"told"`   // got a gap event, or were ended
	Silent  int `json:"silent"` // miss something and know nothing of it
}

func (s *stuckPart) add(t stuckPart) {
	s.Streams += t.Streams
	s.Whole += t.Whole
	s.Told += t.Told
	s.Silent += t.Silent
}

func newPart() *part {
	return &part{
		Failed: map[string]int{}, Ended: map[string]int{},
		Connect: new(histogram), Latency: new(histogram), Own: new(histogram),
		First: new(histogram), Median: new(histogram), Last: new(histogram),
	}
}

// add adds q, which stays as it is.
func (p *part) add(q *part) {
	p.Opened += q.Opened
	for why, n := range q.Failed {
		p.Failed[why] += n
	}
	for why, n := range q.Ended {
		p.Ended[why] += n
	}
	p.Connect.merge(q.Connect)
	p.Latency.merge(q.Latency)
	p.Own.merge(q.Own)
	p.First.merge(q.First)
	p.Median.merge(q.Median)
	p.Last.merge(q.Last)
	p.counts.add(q.counts)
	p.Stuck.add(q.Stuck)
	p.Until = max(p.Until, q.Until)
}
