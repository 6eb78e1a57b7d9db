package embedded

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// settleTimeout bounds one try to compare ourselves with the others. While a
// leader is elected questions are not refused but lost.
const settleTimeout = time.Second

// watch looks after the peers, and after what this node has, until ctx ends.
func (s *Server) watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		s.peers.look(ctx)
		switch {
		case s.leader() == "":
			s.settled.Store(false)
		case !s.settled.Load():
			s.settled.Store(s.caughtUp(ctx))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// caughtUp reports whether this node has all messages of the streams that it keeps
// a copy of. Which these are it asks the leaders: a server that has been away
// takes itself for current before it has heard of any stream.
func (s *Server) caughtUp(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	nc, err := nats.Connect("", s.InProcess(), nats.NoReconnect())
	if err != nil {
		return false
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		s.log.Warn("not known whether this node has caught up", zap.Error(err))
		return false
	}
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		stream, err := js.Stream(ctx, name)
		if err != nil || !s.has(stream.CachedInfo()) {
			return false
		}
	}
	return names.Err() == nil
}

// has reports whether what is stored here is what the stream's leader says it has,
// or is not meant to be stored here.
func (s *Server) has(leader *jetstream.StreamInfo) bool {
	if leader.Cluster == nil || leader.Cluster.Leader == s.Name() {
		return leader.Cluster != nil
	}
	ours := slices.ContainsFunc(leader.Cluster.Replicas, func(p *jetstream.PeerInfo) bool { return p.Name == s.Name() })
	if !ours {
		return true
	}
	return s.server.JetStreamIsStreamCurrent(server.DEFAULT_GLOBAL_ACCOUNT, leader.Config.Name) &&
		s.lastStored(leader.Config.Name) >= leader.State.LastSeq
}

// lastStored is the sequence of the last message of a stream that is stored here.
func (s *Server) lastStored(stream string) uint64 {
	info, err := s.server.Jsz(&server.JSzOptions{Account: server.DEFAULT_GLOBAL_ACCOUNT, Streams: true})
	if err != nil {
		return 0
	}
	for _, account := range info.AccountDetails {
		for _, here := range account.Streams {
			if here.Name == stream {
				return here.State.LastSeq
			}
		}
	}
	return 0
}
