package floor

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Serve serves streams at clients, as in GET /?channel=a&channel=b, and publishers
// at control, until ctx ends. It closes both listeners. With the base URL of an
// origin each request is put to that first, which names the channels.
func Serve(ctx context.Context, clients, control net.Listener, origin string) error {
	defer clients.Close()
	defer control.Close()
	l, err := newLoop()
	if err != nil {
		return err
	}
	defer l.close()
	f := &front{loop: l}
	if origin != "" {
		f.asks = newAsker(origin)
		defer f.asks.close()
	}
	streams := &http.Server{Handler: f}
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
