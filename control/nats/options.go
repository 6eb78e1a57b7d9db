package nats

import (
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// DefaultPrefix begins the subjects when Options does not say otherwise.
const DefaultPrefix = "holdfast"

// defaultQueue is how many messages may wait to be published. It is a few tens
// of milliseconds of small messages at the rate at which they are published.
const defaultQueue = 16 << 10

// Options are a Source's parts. New reads them once.
type Options struct {
	Access

	// Prefix begins the subjects. Empty: DefaultPrefix.
	Prefix string
	// Stored: what is published to channels is kept by a stream, and of the
	// nodes only one takes each publication that is for nodes.
	Stored bool
	// Interrupt, unless nil, is called when messages may have been lost: with
	// each new connection, and while messages find no room, at most once a
	// second. It reports whether that matters to anybody.
	Interrupt func() bool
	// Intake takes what is published. Required.
	Intake *intake.Intake
	// Relay, unless nil, publishes over the source's connection. Not with
	// Stored.
	Relay *Relay
	// Metrics counts messages and what becomes of the connection. Required.
	Metrics *Metrics
	// Log gets what becomes of the connection, and refused messages at Warn, at
	// most one a minute. Required.
	Log *zap.Logger

	queue int // how many messages may wait
}

// complete fills in what is empty.
func (o *Options) complete() error {
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.queue == 0 {
		o.queue = defaultQueue
	}
	return CheckPrefix(o.Prefix)
}

// Rights are what a source needs of its user, beside the right to answer.
func (o *Options) Rights() []Right {
	channels := o.Prefix + channelsWord
	rights := []Right{{Verb: Subscribe, Subject: o.Prefix + publishWord}}
	if !o.Stored {
		rights = append(rights, Right{Verb: Subscribe, Subject: channels + ">"})
	}
	if o.Relay != nil {
		rights = append(rights, Right{Verb: Publish, Subject: channels + ">", Probe: channels + ProbeToken})
	}
	return rights
}
