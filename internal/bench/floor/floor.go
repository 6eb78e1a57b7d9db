package floor

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Options say what the server does besides.
type Options struct {
	// Origin is the base URL of an origin that each request is put to first; it
	// names the channels. Empty for none.
	Origin string
	// Proxy hands the origin's response on and holds nothing.
	Proxy bool
}

// Serve serves streams at clients, as in GET /?channel=a&channel=b, and publishers
// at control, until ctx ends. It closes both listeners.
func Serve(ctx context.Context, clients, control net.Listener, o Options) error {
	defer clients.Close()
	defer control.Close()
	l, err := newLoop()
	if err != nil {
		return err
	}
	defer l.close()
	requests, done, err := newFront(l, o)
	if err != nil {
		return err
	}
	defer done()
	streams := &http.Server{Handler: requests}
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
