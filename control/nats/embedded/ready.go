package embedded

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// readyPoll is how often Ready looks.
const readyPoll = 10 * time.Millisecond

// Ready waits until JetStream can be used, or ctx ends. The error then says what
// it was waiting for.
func (s *Server) Ready(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		reasons := s.NotReady()
		if reasons == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", strings.Join(reasons, "; "), ctx.Err())
		}
	}
}

// NotReady tells why JetStream cannot be used at the moment, empty if it can. A
// missing peer is no reason by itself: the others go on without it. But a node that
// has been away is not ready before it has what the others have, so that whoever
// restarts them one by one can go by this. It does not block.
func (s *Server) NotReady() []string {
	if !s.server.Running() {
		return []string{"embedded NATS: the server has ended"}
	}
	info, err := s.server.Jsz(&server.JSzOptions{})
	switch {
	case err != nil:
		return []string{"embedded NATS: " + err.Error()}
	case info.Disabled:
		return []string{"embedded NATS: JetStream is off, switched off by the server after an error that is in the log"}
	case info.Store > uint64(info.Config.MaxStore):
		return []string{fmt.Sprintf("embedded NATS: the store is full, %d bytes with a limit of %d", info.Store, info.Config.MaxStore)}
	case s.peers == nil:
		return nil
	case info.Meta == nil || info.Meta.Leader == "":
		return []string{s.leaderless()}
	case !s.settled.Load():
		return []string{"embedded NATS: this node has not caught up with the cluster yet"}
	}
	return nil
}

// leaderless tells who would have to be there for a leader to be elected.
func (s *Server) leaderless() string {
	reason := "embedded NATS: the cluster has no leader"
	if missing := s.Missing(); len(missing) > 0 {
		reason += ", missing: " + strings.Join(missing, ", ")
	}
	return reason
}

// Missing returns the peers that the server has no connection with, as they are
// configured. It does not block. A server that has just started has found none yet.
func (s *Server) Missing() []string {
	if s.peers == nil {
		return nil
	}
	return s.peers.missing()
}

// JetStreamEnabled reports whether the server has JetStream. It switches it off by
// itself when it cannot write to its store.
func (s *Server) JetStreamEnabled() bool { return s.server.JetStreamEnabled() }

// leader is the name of the server that leads JetStream in the cluster, empty if
// there is none.
func (s *Server) leader() string {
	info, err := s.server.Jsz(&server.JSzOptions{})
	if err != nil || info.Meta == nil {
		return ""
	}
	return info.Meta.Leader
}

// Path identifies the connections over which messages come from other servers: it
// is another after one of them was lost or made. It takes some microseconds.
func (s *Server) Path() string {
	status, err := s.server.Routez(nil)
	if err != nil {
		return ""
	}
	ids := make([]uint64, 0, len(status.Routes))
	for _, route := range status.Routes {
		ids = append(ids, route.Rid)
	}
	slices.Sort(ids)
	return fmt.Sprint(ids)
}

// linked returns the names of the servers that have a route with us, some several
// times.
func (s *Server) linked() []string {
	status, err := s.server.Routez(nil)
	if err != nil {
		s.log.Warn("routes not known", zap.Error(err))
		return nil
	}
	names := make([]string, 0, len(status.Routes))
	for _, route := range status.Routes {
		names = append(names, route.RemoteName)
	}
	return names
}
