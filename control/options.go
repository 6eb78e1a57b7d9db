package control

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/intake"
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

// Verifier tells whose tokens are believed.
type Verifier interface {
	// Verify reports why token is not a signed one that is valid at now.
	Verify(token string, now time.Time) error
}

// Options are a Handler's parts. The handler reads them once, in New.
type Options struct {
	// Hub is looked at and told to end streams. Required.
	Hub Hub
	// Cluster asks all nodes for their channels. Required.
	Cluster roll.Asker
	// Intake takes what is published. Required.
	Intake *intake.Intake

	// Recover, unless nil, has held responses ask their origins. It returns at once.
	Recover func()

	// Reload, unless nil, has the settings read again, for POST /reload. The error is
	// reload.ErrEnding, or joins one for everything that is wrong with them.
	Reload func() (reload.Outcome, error)

	// Tokens are the bearer tokens of which a request must carry one. None, and
	// no Verifier, means that anybody may who is not a web page; see guard.
	Tokens []string
	// Verifier, unless nil, knows whose signed tokens (JWT) are as good.
	Verifier Verifier
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
	// Metrics counts requests. Required.
	Metrics *Metrics
	// Log gets a line per request at Debug, and refused tokens at Warn, at most
	// one a minute. Required.
	Log *zap.Logger
}
