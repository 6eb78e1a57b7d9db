package control

import (
	"log"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapio"
)

// The limits of the control endpoint's server. Publishers are programs on good
// networks; whoever needs longer than this is stuck or means harm.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = time.Minute // for the whole request
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// NewServer returns a server for h with its limits set; the caller gives it
// listeners. Its Shutdown answers the requests that are under way. What
// net/http has to say goes to log at Debug, since clients can make it talk.
func NewServer(h http.Handler, logger *zap.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(&zapio.Writer{Log: logger, Level: zap.DebugLevel}, "", 0),
	}
}
