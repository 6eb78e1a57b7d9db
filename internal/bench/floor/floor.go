package floor

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Serve serves streams at clients, as in GET /?channel=a&channel=b, and publishers
// at control, until ctx ends. It closes both listeners.
func Serve(ctx context.Context, clients, control net.Listener) error {
	defer clients.Close()
	defer control.Close()
	l, err := newLoop()
	if err != nil {
		return err
	}
	defer l.close()
	streams := &http.Server{Handler: http.HandlerFunc(l.hold)}
	publishers := &http.Server{Handler: http.HandlerFunc(l.publish)}
	ended := make(chan error, 2)
	go func() { ended <- streams.Serve(clients) }()
	go func() { ended <- publishers.Serve(control) }()
	stop := context.AfterFunc(ctx, func() {
		streams.Close()
		publishers.Close()
	})
	defer stop()
	err = <-ended
	streams.Close()
	publishers.Close()
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
