package bench

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config says what to load and how. Start from DefaultConfig.
type Config struct {
	// URL of a stream. Each {i} in it becomes the stream's number, from 0.
	URL string
	// Streams is how many are opened.
	Streams int
	// Concurrency is how many are being opened at a time.
	Concurrency int

	// ControlURL is the base URL of the control endpoint; empty publishes
	// nothing, which measures connecting alone.
	ControlURL string
	// Token is the control endpoint's bearer token; empty sends none.
	Token string
	// Channel is what is published to. With an {i} in it there is one channel
	// for each stream, and stream i must follow channel i; without, all follow
	// the same.
	Channel string
	// Rate is items per second over all channels; 0 is flat out.
	Rate float64
	// Duration is how long to publish.
	Duration time.Duration
	// Batch is the number of items in one publish request.
	Batch int
	// Payload is the length of an event's data in bytes; it is never shorter
	// than the stamp, about 40 bytes.
	Payload int

	// Wait ends the run when no event has come for so long although some are
	// still due.
	Wait time.Duration
	// PID is a server process whose CPU time and memory are reported; 0 for
	// none. It needs Linux and the right to read /proc/PID/smaps_rollup.
	PID int
	// JSON makes Run print the report as JSON instead of a table.
	JSON bool
}

// DefaultConfig is a short run against a Holdfast on this machine whose origin
// is Origin.
func DefaultConfig() Config {
	return Config{
		URL:         "http://127.0.0.1:7999/?channel=bench",
		Streams:     1000,
		Concurrency: 64,
		ControlURL:  "http://127.0.0.1:5561",
		Channel:     "bench",
		Rate:        10,
		Duration:    5 * time.Second,
		Batch:       1,
		Payload:     200,
		Wait:        5 * time.Second,
	}
}

// Validate returns everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	u, err := url.Parse(expand(c.URL, 0))
	refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "url %q: needs http://host/path or https://host/path", c.URL)
	refuse(c.Streams < 1, "streams %d: needs at least 1", c.Streams)
	refuse(c.Concurrency < 1, "concurrency %d: needs at least 1", c.Concurrency)
	refuse(c.Batch < 1, "batch %d: needs at least 1", c.Batch)
	refuse(c.Rate < 0, "rate %v: needs 0 (flat out) or more", c.Rate)
	refuse(c.Payload < 0 || c.Payload > 1<<20, "payload %d: needs 0 to 1048576 bytes", c.Payload)
	refuse(c.ControlURL != "" && c.Channel == "", "channel: needs a name to publish to")
	refuse(c.ControlURL != "" && c.Duration <= 0, "duration %v: needs more than 0", c.Duration)
	refuse(c.Wait <= 0, "wait %v: needs more than 0", c.Wait)
	return errors.Join(errs...)
}

// channels returns how many channels are published to.
func (c Config) channels() int {
	if strings.Contains(c.Channel, placeholder) {
		return c.Streams
	}
	return 1
}

const placeholder = "{i}"

// expand fills a template of Config.
func expand(template string, i int) string {
	return strings.ReplaceAll(template, placeholder, strconv.Itoa(i))
}
