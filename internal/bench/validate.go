package bench

import (
	"errors"
	"fmt"
	"net/url"
)

// Validate returns everything that is wrong with c.
func (c Config) Validate() error {
	var p problems
	u, err := url.Parse(expand(c.URL, 0))
	p.refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "url %q: needs http://host/path or https://host/path", c.URL)
	p.refuse(c.Streams < 1, "streams %d: needs at least 1", c.Streams)
	p.refuse(c.Concurrency < 1, "concurrency %d: needs at least 1", c.Concurrency)
	p.refuse(c.HTTP2 < 0, "http2 %d: needs 0 (HTTP/1.1) or more streams a connection", c.HTTP2)
	p.refuse(c.HTTP2 > 0 && err == nil && u.Scheme != "https", "http2: needs an https URL")
	p.refuse(c.KernelClock && err == nil && u.Scheme != "http", "kernel-clock: needs an http URL")
	p.refuse(c.HTTP2 > 0 && (c.Stuck > 0 || c.Churn > 0), "http2: streams that share connections cannot be stuck, or come and go")
	p.refuse(c.Clients < 0, "clients %d: needs 0 (as many as it takes) or more", c.Clients)
	p.refuse(c.Settle < 0, "settle %v: needs 0 or more", c.Settle)
	p.refuse(c.Stuck < 0 || c.Stuck > c.Streams, "stuck %d: needs 0 to %d, the number of streams", c.Stuck, c.Streams)
	p.refuse(c.Stuck > 0 && (c.ControlURL == "" || c.Replay > 0), "stuck: needs events that are published to open streams")
	p.refuse(c.Churn < 0, "churn %v: needs 0 or more", c.Churn)
	p.refuse(c.Rounds < 1, "rounds %d: needs at least 1", c.Rounds)
	p.refuse(c.Wait <= 0, "wait %v: needs more than 0", c.Wait)
	c.validatePublishing(&p)
	return errors.Join(p...)
}

func (c Config) validatePublishing(p *problems) {
	p.refuse(c.IdleChannels < 0, "idle-channels %d: needs 0 or more", c.IdleChannels)
	p.refuse(c.IdleSettle < 0, "idle-settle %v: needs 0 or more", c.IdleSettle)
	p.refuse(c.IdleChannels > 0 && c.ControlURL == "", "idle-channels: needs a control URL to publish at")
	p.refuse(c.Replay < 0, "replay %d: needs 0 or more", c.Replay)
	p.refuse(c.Replay > 0 && (c.ControlURL == "" || c.perStream() || c.Common != ""), "replay: needs one channel to publish to")
	if c.ControlURL == "" {
		return
	}
	u, err := url.Parse(c.ControlURL)
	p.refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "control %q: needs http://host or https://host", c.ControlURL)
	p.refuse(c.Channel == "", "channel: needs a name to publish to")
	p.refuse(speak(c.Dialect) == nil, "dialect %q: needs %s, %s or %s", c.Dialect, GRIP, Nchan, Plain)
	p.refuse(c.Items < 0, "items %d: needs 0 (no bound) or more", c.Items)
	p.refuse(c.Batch < 1, "batch %d: needs at least 1", c.Batch)
	p.refuse(c.Rate < 0, "rate %v: needs 0 (flat out) or more", c.Rate)
	p.refuse(c.Gap < 0 || c.Gap > 0 && (c.Common == "" || c.Rate == 0 || c.Batch != 1), "gap %v: needs a common channel, a rate, and batches of one", c.Gap)
	p.refuse(c.Payload < 0 || c.Payload > 1<<20, "payload %d: needs 0 to 1048576 bytes", c.Payload)
	p.refuse(c.Duration <= 0, "duration %v: needs more than 0", c.Duration)
}

// problems collects what is wrong with a configuration.
type problems []error

func (p *problems) refuse(bad bool, format string, args ...any) {
	if bad {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}
