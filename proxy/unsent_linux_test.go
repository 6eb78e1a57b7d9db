package proxy

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// writeNoter notes how much was written for the client.
type writeNoter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w writeNoter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w writeNoter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.n.Add(int64(n))
	return n, err
}

// A write that is stuck goes on when its client has read a little, not only when
// megabytes in the system's buffers are free.
func TestAClientThatReadsALittleIsWrittenTo(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		for piece := make([]byte, 32<<10); ; {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	f := newFront(t, func(o *Options) {
		o.Routes = []Route{routeTo(origin.URL)}
		o.Routes[0].WriteTimeout = time.Hour
	})
	var written atomic.Int64
	addr := serve(t, ServerOptions{Listen: []string{"127.0.0.1:0"}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.handler.ServeHTTP(writeNoter{w, &written}, r)
	})})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	for range 3 {
		stuckAt := settled(&written)
		if _, err := io.CopyN(io.Discard, conn, 512<<10); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); written.Load() == stuckAt; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("stuck at %d bytes, after which the client has read %d", stuckAt, 512<<10)
			}
		}
	}
}

// settled returns n once it has not changed for a while.
func settled(n *atomic.Int64) int64 {
	for {
		before := n.Load()
		time.Sleep(300 * time.Millisecond)
		if now := n.Load(); now == before && now > 0 {
			return now
		}
	}
}
