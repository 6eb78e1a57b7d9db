package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what came of a run. Times are in seconds, or in microseconds where
// the name ends in _us.
type Report struct {
	URL     string         `json:"url"`
	Streams int            `json:"streams"` // asked for
	Connect ConnectReport  `json:"connect"`
	Publish *PublishReport `json:"publish,omitempty"` // nil if nothing was published
	Deliver *DeliverReport `json:"deliver,omitempty"`
	Server  *ServerReport  `json:"server,omitempty"` // nil without a PID
}

// ConnectReport is about opening the streams.
type ConnectReport struct {
	Opened    int            `json:"opened"`
	Failed    map[string]int `json:"failed,omitempty"` // by reason
	Seconds   float64        `json:"seconds"`
	PerSecond float64        `json:"per_second"`
	Latency   Summary        `json:"latency"` // from dialling to the end of the head
}

// PublishReport is about the publish requests.
type PublishReport struct {
	Channels  int     `json:"channels"`
	Items     int     `json:"items"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"` // items
	Latency   Summary `json:"latency"`    // of a request
}

// DeliverReport is about what the streams received. Delivered and Missing
// together are all that was due.
type DeliverReport struct {
	Delivered  int64          `json:"delivered"`
	Missing    int64          `json:"missing"`
	Duplicates int            `json:"duplicates"`
	OutOfOrder int            `json:"out_of_order"`
	Strays     int            `json:"strays"` // of a channel the stream does not follow
	Gaps       int            `json:"gaps"`   // `event: gap`
	Others     int            `json:"others"` // events that are not of this run
	Ended      map[string]int `json:"ended,omitempty"`
	Bytes      int64          `json:"bytes"`
	Seconds    float64        `json:"seconds"` // from the first request to the last delivery
	PerSecond  float64        `json:"per_second"`
	Latency    Summary        `json:"latency"`
	Passes     *PassReport    `json:"passes,omitempty"` // nil unless several streams follow one channel
}

// PassReport is how late the first, median and last stream get an event.
type PassReport struct {
	First  Summary `json:"first"`
	Median Summary `json:"median"`
	Last   Summary `json:"last"` // of the events that reached all streams
}

func (f *fleet) connectReport(took time.Duration) ConnectReport {
	return ConnectReport{
		Opened:    len(f.streams),
		Failed:    f.failures,
		Seconds:   took.Seconds(),
		PerSecond: per(len(f.streams), took),
		Latency:   f.connect.summary(),
	}
}

func (p *publisher) report() *PublishReport {
	return &PublishReport{
		Channels:  len(p.channels),
		Items:     p.items,
		Seconds:   p.took.Seconds(),
		PerSecond: per(p.items, p.took),
		Latency:   p.requests.summary(),
	}
}

// deliverReport adds up what the streams have counted; the fleet is closed.
func (f *fleet) deliverReport(p *publisher, due int64) *DeliverReport {
	took := time.Duration(f.latest.Load()) - p.first
	r := &DeliverReport{Ended: f.endings, Latency: f.latency.summary()}
	for _, s := range f.streams {
		r.Delivered += int64(s.tally.received)
		r.Duplicates += s.tally.duplicates
		r.OutOfOrder += s.tally.late
		r.Strays += s.strays
		r.Gaps += s.gaps
		r.Others += s.others
		r.Bytes += s.bytes
	}
	r.Missing = due - r.Delivered
	if r.Delivered > 0 {
		r.Seconds, r.PerSecond = took.Seconds(), per(r.Delivered, took)
	}
	if len(f.streams) > 1 && f.cfg.channels() == 1 {
		r.Passes = &PassReport{f.passes.first.summary(), f.passes.median.summary(), f.passes.last.summary()}
	}
	return r
}

// per returns n per second; 0 where no time has passed.
func per[N int | int64](n N, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// list writes counted reasons as "reason (3), reason (1)", sorted.
func list(counts map[string]int) string {
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", why, counts[why]))
	}
	return strings.Join(parts, ", ")
}
