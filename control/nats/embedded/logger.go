package embedded

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	logInterval = time.Minute // in which the same line is logged once
	mostLines   = 200         // in that time; what comes on top is counted
	lineKey     = 120         // bytes by which lines are told apart
)

// logger takes what the server says. Its chatter goes to Debug. Warnings and
// errors, which clients can bring about, are logged once an interval.
type logger struct {
	log   *zap.Logger
	fatal chan string // the first thing the server cannot start with; never closed

	mu       sync.Mutex
	said     map[string]struct{} // since the interval began
	since    time.Time
	heldBack int // lines not logged since the last that was
}

func newLogger(log *zap.Logger) *logger {
	return &logger{log: log, fatal: make(chan string, 1), said: map[string]struct{}{}}
}

// kind is a line without its numbers: the server writes addresses and counters
// into each.
func kind(text string) string {
	text = strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), lineKey)]
}

// fresh reports whether text is to be logged, and how many lines before it were
// not.
func (l *logger) fresh(text string) (heldBack int, fresh bool) {
	key, now := kind(text), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= logInterval {
		clear(l.said)
		l.since = now
	}
	if _, again := l.said[key]; again || len(l.said) >= mostLines {
		l.heldBack++
		return 0, false
	}
	l.said[key] = struct{}{}
	heldBack, l.heldBack = l.heldBack, 0
	return heldBack, true
}

func (l *logger) once(write func(string, ...zap.Field), message, text string) {
	if heldBack, fresh := l.fresh(text); fresh {
		write(message, zap.String("says", text), zap.Int("held_back", heldBack))
	}
}

// Noticef is called when something has gone as it should.
func (l *logger) Noticef(format string, v ...any) {
	l.log.Debug("embedded NATS server", zap.String("says", fmt.Sprintf(format, v...)))
}

// Warnf is called by the server.
func (l *logger) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Plaintext passwords detected") {
		l.Noticef(format, v...) // they are in memory, and where the operator has put them
		return
	}
	l.once(l.log.Warn, "embedded NATS server warns", fmt.Sprintf(format, v...))
}

// Errorf is called by the server. It counts a peer that is not there yet among
// the errors; a cluster that starts has some of these.
func (l *logger) Errorf(format string, v ...any) {
	if strings.HasPrefix(format, "Error trying to connect to route") {
		l.Warnf(format, v...)
		return
	}
	l.once(l.log.Error, "embedded NATS server reports an error", fmt.Sprintf(format, v...))
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
