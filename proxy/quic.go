package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapio"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// quicServer serves HTTP/3. It has no WrapListener, and its streams are held in
// their handlers.
type quicServer struct {
	http    http3.Server
	conns   []net.PacketConn
	pending atomic.Int64 // requests under way
}

// newQUIC returns a server beside tcp that listens nowhere yet.
func newQUIC(tcp *http.Server, o *ServerOptions) *quicServer {
	q := new(quicServer)
	q.http = http3.Server{
		Handler:        q.counted(bodies{tcp.Handler}),
		TLSConfig:      tcp.TLSConfig.Clone(), // net/http writes to its own
		MaxHeaderBytes: tcp.MaxHeaderBytes,
		IdleTimeout:    tcp.IdleTimeout,
		// ReverseProxy cuts a response whose body the origin has cut only if it
		// finds a server in the context; otherwise it would look complete.
		ConnContext: func(ctx context.Context, conn *quic.Conn) context.Context {
			ctx = watchQUIC(ctx, conn, o.IdleTimeout+o.ReadHeaderTimeout)
			return context.WithValue(ctx, http.ServerContextKey, tcp)
		},
		QUICConfig: &quic.Config{
			MaxIncomingStreams: int64(o.MaxConcurrentStreams),
			// Held streams are idle for longer than that; a ping keeps the
			// connection, and finds out whether the client is still there.
			KeepAlivePeriod: pingPatience,
			MaxIdleTimeout:  pingAfter + pingPatience,
			// No 0-RTT: what is sent so can be sent again by whoever has heard it.
		},
		// From level info on: below, it names URLs, and those may have tokens in them.
		Logger: slog.New(slog.NewTextHandler(&zapio.Writer{Log: o.Log.Named("http3"), Level: zap.DebugLevel}, nil)),
	}
	return q
}

// counted counts the requests that next answers, in all and on their connections.
func (q *quicServer) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q.pending.Add(1)
		defer q.pending.Add(-1)
		defer r.Context().Value(quicWatchKey{}).(*quicWatch).begin()()
		next.ServeHTTP(w, r)
	})
}

// listen opens a socket.
func (q *quicServer) listen(addr string) error {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	q.conns = append(q.conns, conn)
	return nil
}

// serve serves clients on all sockets until shutdown or close, then returns nil.
func (q *quicServer) serve() error {
	var wg sync.WaitGroup
	errs := make([]error, len(q.conns))
	for i, conn := range q.conns {
		wg.Go(func() {
			if err := q.http.Serve(conn); !errors.Is(err, http.ErrServerClosed) {
				errs[i] = err
				q.close()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// shutdown takes no new requests, and waits for those under way or for ctx. It tells
// clients so (GOAWAY, RFC 9114 §5.2), and those that keep their connections all the
// same have hold.Linger after the last answer to take it.
func (q *quicServer) shutdown(ctx context.Context) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	go q.settle(waiting, stop)
	if err := q.http.Shutdown(waiting); ctx.Err() != nil {
		return err
	}
	return nil
}

// settle calls stop when nothing has been under way for hold.Linger, or returns when
// ctx ends.
func (q *quicServer) settle(ctx context.Context, stop func()) {
	const looks = 20
	ticker := time.NewTicker(hold.Linger / looks)
	defer ticker.Stop()
	for idle := 0; idle < looks; idle++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if q.pending.Load() > 0 {
				idle = -1
			}
		}
	}
	stop()
}

// close ends everything at once. It may be called more than once.
func (q *quicServer) close() error {
	err := q.http.Close()
	for _, conn := range q.conns {
		conn.Close() // again, if it was closed before
	}
	return err
}

// bodies takes away the bodies of requests that have none.
type bodies struct{ next http.Handler }

// ServeHTTP implements http.Handler.
//
// A request's body ends with its stream, and quic-go cannot tell beforehand whether
// there will be one. So every GET would go to the origin with a body of unknown
// length. Without a Content-Length there is none where it would mean nothing
// (RFC 9110 §9.3.1, §9.3.2, §9.3.5, §9.3.7).
func (b bodies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, http.MethodTrace:
		if r.ContentLength < 0 {
			r.Body, r.ContentLength = http.NoBody, 0
		}
	}
	b.next.ServeHTTP(w, r)
}
