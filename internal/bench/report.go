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
	Idle    *IdleReport    `json:"idle,omitempty"`
	Publish *PublishReport `json:"publish,omitempty"` // nil if nothing was published
	Deliver *DeliverReport `json:"deliver,omitempty"`
	Replay  *ReplayReport  `json:"replay,omitempty"`
	Churn   *ConnectReport `json:"churn,omitempty"`
	Stuck   *StuckReport   `json:"stuck,omitempty"`
	Server  *ServerReport  `json:"server,omitempty"` // nil without a PID
	Go      *GoReport      `json:"go,omitempty"`     // nil unless asked for
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
	Own       Summary `json:"own"`        // of those for single streams, where there is a common channel, from when they were due
}

// DeliverReport is about what the streams received, without those that were
// stuck. Delivered and Missing together are all that was due.
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
	Own        Summary        `json:"own"`              // of events for single streams, where there is a common channel
	Passes     *PassReport    `json:"passes,omitempty"` // nil unless several streams follow one channel
}

// PassReport is how late the first, median and last stream get an event. With
// several client processes each looks at its own streams.
type PassReport struct {
	First  Summary `json:"first"`
	Median Summary `json:"median"`
	Last   Summary `json:"last"` // of the events that reached all streams
}

// ReplayReport is about events that were published before the streams came.
type ReplayReport struct {
	Events      int     `json:"events"` // that each stream asked for
	Delivered   int64   `json:"delivered"`
	Missing     int64   `json:"missing"`
	Seconds     float64 `json:"seconds"` // from the first connect to the last event
	PerSecond   float64 `json:"per_second"`
	CPUPerEvent float64 `json:"cpu_per_event_us"` // without what connecting alone took
}

// StuckReport is about the streams that did not read while the others got
// events. Each of them ended up as one of the last three.
type StuckReport struct {
	Streams  int            `json:"streams"`
	Whole    int            `json:"whole"`           // it got everything when it read
	Told     int            `json:"told"`            // it got a gap event, or was ended
	Silent   int            `json:"silent"`          // it misses events and cannot know
	MemoryUp int64          `json:"memory_up_bytes"` // of the processes, from all open until all is published
	LogUp    int64          `json:"log_up_bytes"`    // of what the server keeps of events, in the same time; 0 if it does not say
	Queue    *QueueReport   `json:"queue,omitempty"` // nil if the server's kernel is not this one
	Without  *WithoutReport `json:"without,omitempty"`
}

// WithoutReport is about the same run without the streams that do not read, made
// just before. What a server keeps of what it published was there from then on.
type WithoutReport struct {
	Latency  Summary `json:"latency"`
	P50Times float64 `json:"p50_times"` // as late were the others with them; 0 if unknown
	P99Times float64 `json:"p99_times"`
	MemoryUp int64   `json:"memory_up_bytes"`
}

// addWithout adds what came of the run without streams that do not read.
func (r *Report) addWithout(w *Report) {
	with, without := r.Deliver.Latency, w.Deliver.Latency
	r.Stuck.Without = &WithoutReport{Latency: without}
	if without.Count > 0 {
		r.Stuck.Without.P50Times, r.Stuck.Without.P99Times = with.P50/without.P50, with.P99/without.P99
	}
	if s := w.Server; s != nil {
		r.Stuck.Without.MemoryUp = s.MemoryAfter - s.MemoryOpen
	}
}

func (p *part) connectReport(took time.Duration) ConnectReport {
	return ConnectReport{
		Opened:    p.Opened,
		Failed:    p.Failed,
		Seconds:   took.Seconds(),
		PerSecond: per(p.Opened, took),
		Latency:   p.Connect.summary(),
	}
}

func (p *publisher) report() *PublishReport {
	return &PublishReport{
		Channels:  len(p.channels),
		Items:     p.items,
		Seconds:   p.took.Seconds(),
		PerSecond: per(p.items, p.took),
		Latency:   p.requests.summary(),
		Own:       p.own.summary(),
	}
}

// deliverReport says what came of what was published from then on.
func (p *part) deliverReport(from time.Duration, passes bool) *DeliverReport {
	r := &DeliverReport{
		Delivered:  p.Delivered,
		Missing:    p.Due - p.Delivered,
		Duplicates: p.Duplicates,
		OutOfOrder: p.OutOfOrder,
		Strays:     p.Strays,
		Gaps:       p.Gaps,
		Others:     p.Others,
		Ended:      p.Ended,
		Bytes:      p.Bytes,
		Latency:    p.Latency.summary(),
	}
	if r.Delivered > 0 {
		took := p.Until - from
		r.Seconds, r.PerSecond = took.Seconds(), per(r.Delivered, took)
	}
	if passes {
		r.Own = p.Own.summary()
		r.Passes = &PassReport{p.First.summary(), p.Median.summary(), p.Last.summary()}
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
