package stream

import (
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Options are a Bus's parts. New reads them once.
type Options struct {
	// Access says how NATS is reached. Required.
	Access nats.Access
	// Prefix begins the subjects, and names the stream. Empty:
	// nats.DefaultPrefix.
	Prefix string

	// What the stream keeps: for how long, how many messages of a channel, and
	// how many bytes in all. 0 is no bound.
	MaxAge      time.Duration
	MaxMessages int
	MaxBytes    int64
	// Replicas is on how many servers the stream is stored.
	Replicas int
	// Path, unless nil, identifies the way from other servers to ours. When it has
	// changed, messages may have been lost on it. It is called often.
	Path func() string
	// Renewed, unless nil, has a new order begin at the start, since the stream may
	// have lost what it stored last. It is called once, when that is stored.
	Renewed func()
	// DedupWindow is how long the ids of items are remembered.
	DedupWindow time.Duration

	// Wire, unless nil, says how items are encoded for clients. It is called for each.
	Wire func() wire.Options
	// Metrics and Log are required.
	Metrics *Metrics
	Log     *zap.Logger

	queue int // how many live messages may wait
}

// names are the subjects and the stream that belong to a prefix.
type names struct {
	stream   string
	channels string // what is before a channel
	mark     string
	live     string // what is before a subject when the stream republishes it
	elected  string // advisories of a new leader
}

func namesOf(prefix string) names {
	n := names{
		stream:   streamName(prefix),
		channels: prefix + ".channels.",
		mark:     prefix + ".mark",
		live:     LivePrefix(prefix),
	}
	n.elected = "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED." + n.stream
	return n
}

// LivePrefix is what the subjects begin with to which the stream republishes
// what it has stored. Nobody but the servers may publish there.
func LivePrefix(prefix string) string { return "_" + prefix + ".live." }

// Rights are what a bus needs of its user.
func Rights(prefix string) []nats.Right {
	n := namesOf(prefix)
	publish := func(subject, probe string) nats.Right {
		return nats.Right{Verb: nats.Publish, Subject: subject, Probe: probe}
	}
	subscribe := func(subject, probe string) nats.Right {
		return nats.Right{Verb: nats.Subscribe, Subject: subject, Probe: probe}
	}
	const api = "$JS.API."
	return []nats.Right{
		publish(n.channels+">", n.channels+nats.ProbeToken),
		publish(n.mark, n.mark),
		publish(api+"STREAM.INFO."+n.stream, ""),
		publish(api+"STREAM.CREATE."+n.stream, ""),
		publish(api+"STREAM.UPDATE."+n.stream, ""),
		publish(api+"DIRECT.GET."+n.stream, api+"DIRECT.GET."+n.stream),
		subscribe(n.live+">", n.live+"channels."+nats.ProbeToken),
		subscribe("_INBOX.>", ""),
		subscribe(n.elected, ""),
	}
}

// streamName is the prefix in the characters that streams' names may have.
func streamName(prefix string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, strings.ToUpper(prefix))
}

// leastMessages is what a stream keeps per subject at least. Marks are messages
// too: without some of them, nothing would tell how far back the stream goes.
const leastMessages = 64

func (o *Options) complete() error {
	if o.Prefix == "" {
		o.Prefix = nats.DefaultPrefix
	}
	if o.queue == 0 {
		o.queue = defaultQueue
	}
	if o.Wire == nil {
		o.Wire = func() wire.Options { return wire.Options{} }
	}
	if o.DedupWindow <= 0 {
		o.DedupWindow = time.Minute
	}
	if o.MaxAge > 0 && o.MaxAge < o.DedupWindow {
		o.DedupWindow = o.MaxAge // the server demands it
	}
	if o.MaxMessages > 0 {
		o.MaxMessages = max(o.MaxMessages, leastMessages)
	}
	if o.Replicas < 1 {
		return errors.New("a stream has at least one replica")
	}
	return nats.CheckPrefix(o.Prefix)
}
