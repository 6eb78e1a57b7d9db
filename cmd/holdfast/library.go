package main

import (
	"bytes"
	"io"
	"log"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// redirectLibraries has what libraries print by the standard log, which is all that
// some know, written to logger until restore is called.
func redirectLibraries(logger *zap.Logger) (restore func()) {
	restore = zap.RedirectStdLog(logger)
	log.SetOutput(&libraryLines{next: log.Writer(), log: logger, stray: rate.Sometimes{Interval: 10 * time.Second}})
	return restore
}

// libraryLines hands lines of the standard log to next, but for the one by which
// net/http quotes what an origin has sent unasked, as the body of an answer to HEAD:
// that may be anybody's data, and as often as a client likes.
type libraryLines struct {
	next  io.Writer
	log   *zap.Logger
	stray rate.Sometimes
}

// Write implements io.Writer. p is one message.
func (l *libraryLines) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(p, []byte("Unsolicited response received on idle HTTP channel")) {
		return l.next.Write(p)
	}
	l.stray.Do(func() { l.log.Warn("an origin sent what it was not asked for; the connection was closed") })
	return len(p), nil
}
