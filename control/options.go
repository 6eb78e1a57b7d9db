package control

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// DefaultMaxBody is the largest request body that is taken when Options does
// not say otherwise, in bytes.
const DefaultMaxBody = 4 << 20

// Hub is what the endpoints for operators need of channels.Hub.
type Hub interface {
	roll.Hub
	CloseChannel(ctx context.Context, name string) (streams int, known bool, err error)
}

// Options are a Handler's parts. The handler reads them once, in New.
type Options struct {
	// Hub is looked at and told to end streams. Required.
	Hub Hub
	// Cluster asks all nodes for their channels. Required.
	Cluster roll.Asker
	// Streams asks all nodes for what they hold, and OwnStreams this one alone.
	// Required.
	Streams, OwnStreams live.Asker
	// Intake takes what is published. Required.
	Intake *intake.Intake

	// Recover, unless nil, has held responses ask their origins. It returns at once.
	Recover func()

	// Reload, unless nil, has the settings read again, for POST /reload. The error is
	// reload.ErrEnding, or joins one for everything that is wrong with them.
	Reload func() (reload.Outcome, error)

	// Access knows the tokens of which a request must carry one. Nil, or one
	// without any, means that anybody may who is not a web page; see guard.
	Access *access.Checker
	// FastlyServices are the services of Fastly Fanout whose path for publishers
	// is served. An id is a path segment as it is.
	FastlyServices []string
	// MaxBody bounds a request body, in bytes. 0 means DefaultMaxBody. A body
	// is held in memory while it is parsed.
	MaxBody int64
	// Profiling serves /debug/pprof/. Profiles show memory contents, what is
	// published among it.
	Profiling bool

	// NotReady tells why no new streams should be sent here, for /readyz. Nil,
	// or an empty answer, means ready. It is called from any goroutine.
	NotReady func() []string
	// Gatherer is what /metrics shows. Required.
	Gatherer prometheus.Gatherer
	// Metrics counts requests and refused calls. Required.
	Metrics *Metrics
	// Log gets a line per request at Debug, and one per refused call at Warn,
	// fewer in a flood. Required.
	Log *zap.Logger
}
