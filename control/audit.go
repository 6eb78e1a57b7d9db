package control

import (
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// How many refused calls may be logged, for each reason: so many in a second, and so
// many at once. Nobody but a flood gets there.
const (
	auditRate  = 10
	auditBurst = 100
)

// audit logs and counts the calls that are refused, each with a line. What is too much
// of one reason is left out, and told of by number with the next line of that reason,
// so that a flood can neither fill the log nor keep another reason out of it. Its methods
// may be called from any goroutine.
type audit struct {
	log     *zap.Logger
	metrics *Metrics

	mu    sync.Mutex                    // no slow work while held
	lines map[access.Reason]*refusedLog // one for every reason
}

// refusedLog is what was logged of calls refused for one reason.
type refusedLog struct {
	pace    *rate.Limiter
	leftOut uint64 // how many were not, since the last line
}

func newAudit(log *zap.Logger, m *Metrics) *audit {
	a := &audit{log: log, metrics: m, lines: make(map[access.Reason]*refusedLog)}
	for _, reason := range access.Reasons() {
		a.lines[reason] = &refusedLog{pace: rate.NewLimiter(auditRate, auditBurst)}
	}
	return a
}

// refused notes that r, a call of e, is refused. Neither the token nor what was
// to be published is logged, and no channel.
func (a *audit) refused(r *http.Request, e *endpoint, why *access.Refused) {
	a.metrics.refused[why.Reason].Inc()
	leftOut, due := a.due(why.Reason, time.Now())
	if !due {
		return
	}
	fields := []zap.Field{
		zap.String("client", r.RemoteAddr), zap.String("method", r.Method), zap.String("endpoint", e.path),
		zap.String("reason", string(why.Reason)),
	}
	if why.Name != "" {
		fields = append(fields, zap.String("access", why.Name))
	}
	if leftOut > 0 {
		fields = append(fields, zap.Uint64("left_out", leftOut))
	}
	a.log.Warn("control request refused", fields...)
}

// due reports whether a line may be logged now, and how many were left out since
// the last one.
func (a *audit) due(reason access.Reason, now time.Time) (leftOut uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lines[reason]
	if !l.pace.AllowN(now, 1) {
		l.leftOut++
		return 0, false
	}
	leftOut, l.leftOut = l.leftOut, 0
	return leftOut, true
}
