package bench

import (
	"strconv"
	"strings"
	"time"
)

// Config says what to load and how. Start from a scenario's.
type Config struct {
	// URL of a stream. Each {i} in it becomes the stream's number, from 0.
	URL string
	// Streams is how many are opened.
	Streams int
	// Concurrency is how many are being opened at a time.
	Concurrency int
	// HTTP2 is how many streams share a connection over HTTP/2, which needs an
	// https URL; 0 opens each over HTTP/1.1.
	HTTP2 int
	// Insecure takes any certificate of the server.
	Insecure bool
	// Answers takes responses that have an end for streams: that is what a proxy
	// which holds nothing makes of the origin's.
	Answers bool
	// Clients is how many processes open them; 0 is as many as the limit on open
	// files asks for. A single client is part of the calling process.
	Clients int
	// ClientCommand starts a client process: a program that calls ServeClient.
	ClientCommand []string

	// ControlURL is the base URL of where to publish; empty publishes nothing,
	// which measures connecting alone.
	ControlURL string
	// Dialect is how: GRIP, Nchan or Plain.
	Dialect string
	// Token is the control endpoint's bearer token; empty sends none.
	Token string
	// Channel is what is published to. With an {i} in it there is one channel
	// for each stream, and stream i must follow channel i; without, all follow
	// the same.
	Channel string
	// Common is a channel that all streams follow besides, and that every tenth
	// item goes to; empty for none.
	Common string
	// Gap is the time between the nine items that follow one for the common
	// channel, which come right after it and not evenly spread; 0 spreads them.
	Gap time.Duration
	// IdleChannels is how many further channels are published to once, before the
	// streams come. Nobody follows them.
	IdleChannels int
	// IdleSettle is how long they are left alone before that.
	IdleSettle time.Duration
	// Rate is items per second over all channels; 0 is flat out.
	Rate float64
	// Duration is how long to publish.
	Duration time.Duration
	// Items ends publishing earlier, after so many; 0 for no such bound.
	Items int
	// Batch is how many items are published at once.
	Batch int
	// Payload is the length of an event's data in bytes; it is never shorter
	// than the stamp, about 40 bytes.
	Payload int

	// Settle is how long the open streams are left alone before memory is looked
	// at once more.
	Settle time.Duration
	// Replay publishes so many events before the streams connect, which then ask
	// for all of them. Nothing is published to open streams. Rate and Duration
	// do not matter.
	Replay int
	// KernelClock counts an event as there when the client's kernel has it, not
	// when the client has read it, which a busy client does late. It needs Linux
	// and an http URL.
	KernelClock bool
	// Stuck is how many of the streams do not read until all others have
	// everything.
	Stuck int
	// Churn is how many further streams are opened and closed again each second
	// while the others get events.
	Churn float64

	// WarmUp makes a smaller run first, which does not count.
	WarmUp bool
	// Rounds is how many runs are made.
	Rounds int
	// Wait ends a run when no event has come for so long although some are
	// still due.
	Wait time.Duration
	// PIDs are server processes whose CPU time and memory are reported, together
	// with those of their children. It needs Linux and the right to read
	// /proc/PID/smaps_rollup.
	PIDs []int
	// MetricsURL is the page of metrics, as Prometheus reads it, of a server
	// written in Go, whose garbage and collections are reported; empty for none.
	MetricsURL string
	// JSON makes Run print the result as JSON instead of a table.
	JSON bool
}

// perStream reports whether there is a channel for each stream.
func (c Config) perStream() bool { return strings.Contains(c.Channel, placeholder) }

// channels returns how many channels are published to in turn.
func (c Config) channels() int {
	if c.perStream() {
		return c.Streams
	}
	return 1
}

// job is what all clients do together.
func (c Config) job(run string) job {
	j := job{
		Run: run, URL: c.URL, Count: c.Streams, Streams: c.Streams, Stuck: c.Stuck,
		Concurrency: c.Concurrency, Insecure: c.Insecure, HTTP2: c.HTTP2, Answers: c.Answers, KernelClock: c.KernelClock,
		Wait: c.Wait, PerStream: c.perStream(), Common: -1,
	}
	if c.Common != "" {
		j.Common = c.channels()
	}
	return j
}

const placeholder = "{i}"

// expand fills a template of Config.
func expand(template string, i int) string {
	return strings.ReplaceAll(template, placeholder, strconv.Itoa(i))
}
