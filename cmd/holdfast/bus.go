package main

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/nodes"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// serverPatience bounds the start of the embedded NATS server, which opens its
// store and its ports and does not wait for others.
const serverPatience = time.Minute

// bus is what nodes share, and the way to it. Its parts are nil where they are
// not configured.
type bus struct {
	access nats.Access
	server *embedded.Server
	stream *stream.Bus
}

// newBus reaches for what is configured, and starts the server of our own.
func newBus(cfg config.Config, items *layout, reg prometheus.Registerer, log *zap.Logger) (b bus, err error) {
	if b.access, err = natsAccess(cfg.NATS); err != nil {
		return b, err
	}
	if cfg.NATS.Embedded.Enabled() {
		if b.server, err = startNATS(cfg.NATS, log); err != nil {
			return b, err
		}
		b.access.InProcess = b.server.InProcess()
	}
	if cfg.NATS.Stored() {
		options := streamOptions(cfg, b.access, stream.NewMetrics(reg), log)
		options.Wire = items.options
		if b.server != nil {
			options.Path = b.server.Path
			options.Renewed = renewed(b.server, log)
		}
		b.stream, err = stream.New(options)
	}
	if err != nil {
		b.end()
	}
	return b, err
}

// renewed has a new order begin if the server's store may have lost the end of the
// one that it had.
func renewed(s *embedded.Server, log *zap.Logger) func() {
	if !s.Suspect() {
		return nil
	}
	return func() {
		if err := s.Trust(); err != nil {
			log.Warn("the next start begins a new order again", zap.Error(err))
		}
	}
}

func startNATS(c config.NATS, log *zap.Logger) (*embedded.Server, error) {
	options, err := embeddedOptions(c)
	if err != nil {
		return nil, err
	}
	options.Deny = []string{stream.LivePrefix(c.Prefix) + ">", nodes.Subjects(c.Prefix)}
	ctx, cancel := context.WithTimeout(context.Background(), serverPatience)
	defer cancel()
	return embedded.Start(ctx, options, log.Named("server"))
}

// streamOptions derives what the stream keeps from what the channels replay.
func streamOptions(cfg config.Config, access nats.Access, m *stream.Metrics, log *zap.Logger) stream.Options {
	o := stream.Options{
		Access:      access,
		Prefix:      cfg.NATS.Prefix,
		MaxBytes:    int64(cfg.NATS.StreamBytes()),
		Replicas:    cfg.NATS.StoredOn(),
		DedupWindow: cfg.Channels.Dedup.Window,
		Metrics:     m,
		Log:         log,
	}
	o.MaxMessages, o.MaxAge = longestReplay(cfg.Channels)
	return o
}

// longestReplay is what any channel may have to replay. An age of 0 is no bound.
func longestReplay(c config.Channels) (messages int, age time.Duration) {
	replays := []config.Replay{c.Replay}
	for _, v := range c.Overrides {
		replays = append(replays, v.Replay)
	}
	messages = 1
	for _, r := range replays {
		messages, age = max(messages, r.Messages), max(age, r.Age)
	}
	if slices.ContainsFunc(replays, func(r config.Replay) bool { return r.Age == 0 }) {
		age = 0
	}
	return messages, age
}

// notReady tells why nodes do not hear of each other.
func (b *bus) notReady() (reasons []string) {
	if b.server != nil {
		reasons = b.server.NotReady()
	}
	if b.stream != nil {
		reasons = append(reasons, b.stream.NotReady()...)
	}
	return reasons
}

// end stops the server, if there is one.
func (b *bus) end() {
	if b.server != nil {
		b.server.Shutdown()
	}
}
