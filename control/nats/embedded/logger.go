package embedded

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

const (
	logInterval = time.Minute // how often the same kind of line may be logged
	mostKinds   = 1000        // of lines; those beyond share one interval
)

// logger takes what the server says. Its chatter goes to Debug; warnings and
// errors, which clients can bring about, at most once per interval and kind.
type logger struct {
	log   *zap.Logger
	fatal chan string // the first thing the server cannot start with; never closed

	mu    sync.Mutex
	quiet map[string]*rate.Sometimes // by format
}

func newLogger(log *zap.Logger) *logger {
	return &logger{log: log, fatal: make(chan string, 1), quiet: map[string]*rate.Sometimes{}}
}

// sometimes returns what holds lines of one format back.
func (l *logger) sometimes(format string) *rate.Sometimes {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quiet[format] == nil {
		if len(l.quiet) >= mostKinds {
			format = ""
		}
		if l.quiet[format] == nil {
			l.quiet[format] = &rate.Sometimes{Interval: logInterval}
		}
	}
	return l.quiet[format]
}

func says(format string, v []any) zap.Field { return zap.String("says", fmt.Sprintf(format, v...)) }

// Noticef is called when something has gone as it should.
func (l *logger) Noticef(format string, v ...any) {
	l.log.Debug("embedded NATS server", says(format, v))
}

// Warnf is called by the server.
func (l *logger) Warnf(format string, v ...any) {
	l.sometimes(format).Do(func() { l.log.Warn("embedded NATS server warns", says(format, v)) })
}

// Errorf is called by the server.
func (l *logger) Errorf(format string, v ...any) {
	l.sometimes(format).Do(func() { l.log.Error("embedded NATS server reports an error", says(format, v)) })
}

// Fatalf is called for what a server of its own would end its process with.
func (l *logger) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, v...):
	default:
		l.Errorf(format, v...)
	}
}

// Debugf is switched off.
func (l *logger) Debugf(string, ...any) {}

// Tracef is switched off.
func (l *logger) Tracef(string, ...any) {}
