package hold_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// BenchmarkIdleStream reports what an idle HTTP/1.1 stream costs: the heap and
// stacks in use after a collection, and the process's share of memory (PSS),
// as it is and after giving back what is free. Clients are bare descriptors.
func BenchmarkIdleStream(b *testing.B) {
	const n = 5000
	hub, port := serve(b)
	for b.Loop() {
		before := measure()
		clients := connectAll(b, port, n)
		broadcast(b, hub, clients)
		asIs := pss()
		after := measure()
		b.ReportMetric(float64(after.inUse-before.inUse)/n, "B-in-use/stream")
		b.ReportMetric(float64(asIs-before.pss)/n, "B-pss-as-is/stream")
		b.ReportMetric(float64(after.pss-before.pss)/n, "B-pss-settled/stream")
		closeAll(hub, clients)
	}
}

// BenchmarkBroadcast publishes one event to 1,000 streams over loopback and
// reads it at each.
func BenchmarkBroadcast(b *testing.B) {
	const n = 1000
	hub, port := serve(b)
	clients := connectAll(b, port, n)
	for b.Loop() {
		broadcast(b, hub, clients)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/delivery")
	closeAll(hub, clients)
}

// serve runs a hub, a holder and a server until the benchmark ends.
func serve(b *testing.B) (*channels.Hub, int) {
	hub := channels.NewHub(channels.DefaultOptions())
	holder := hold.New(hold.Options{Sockets: hold.DefaultSocketOptions()})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- holder.Run(ctx) }()
	server := &http.Server{Handler: holdEverything(hub, holder), ConnContext: hold.ConnContext}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go server.Serve(hold.Listen(l))
	b.Cleanup(func() {
		server.Close()
		cancel()
		<-ran
		hub.Close()
	})
	return hub, l.Addr().(*net.TCPAddr).Port
}

func connectAll(b *testing.B, port, n int) []int {
	clients := make([]int, n)
	for i := range clients {
		clients[i] = connect(b, port)
	}
	return clients
}

// broadcast publishes an event and waits until every client has it.
func broadcast(b *testing.B, hub *channels.Hub, clients []int) {
	if _, err := hub.Publish(b.Context(), item("data: 1\n\n")); err != nil {
		b.Fatal(err)
	}
	for _, fd := range clients {
		expect(b, fd, "data: 1\n\n")
	}
}

func closeAll(hub *channels.Hub, clients []int) {
	for _, fd := range clients {
		unix.Close(fd)
	}
	for {
		if info, _ := hub.Channel("a"); info.Streams == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func holdEverything(hub *channels.Hub, holder hold.Holder) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		holder.Admit()
		cursor, err := hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: "a"}},
			Form:          wire.Stream,
			Live:          hub.Head().Seq,
			Group:         holder.Group(),
		})
		if err != nil {
			panic(err)
		}
		hold.Prepare(w, r)
		w.WriteHeader(http.StatusOK)
		wait, err := holder.Hold(w, r, &hold.Stream{
			Cursor:      cursor,
			Form:        wire.Stream,
			EventStream: true,
			KeepAlive:   hold.KeepAlive{Data: []byte(":\n\n"), Interval: time.Hour},
			Route:       "bench",
		})
		if err != nil {
			panic(err)
		}
		if wait != nil {
			wait()
		}
	})
}

func item(content string) channels.Item {
	return channels.Item{Channel: "a", Encode: func(channels.Position) channels.Encoded {
		e := channels.Encoded{Buf: wire.AppendChunk(nil, []byte(content))}
		e.Forms[wire.Stream] = channels.Span{Len: uint32(len(e.Buf))}
		return e
	}}
}

// connect sends a request over a bare socket and waits for the head.
func connect(b *testing.B, port int) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		_, err = unix.Write(fd, []byte("GET / HTTP/1.1\r\nHost: bench\r\n\r\n"))
	}
	if err != nil {
		b.Fatal(err)
	}
	expect(b, fd, "\r\n\r\n")
	return fd
}

func expect(b *testing.B, fd int, text string) {
	var got []byte
	var buf [512]byte
	for !bytes.Contains(got, []byte(text)) {
		n, err := unix.Read(fd, buf[:])
		if n <= 0 || err != nil {
			b.Fatalf("got %q and then %v, want %q", got, err, text)
		}
		got = append(got, buf[:n]...)
	}
}

type memory struct{ inUse, pss uint64 }

func measure() memory {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{inUse: m.HeapAlloc + m.StackInuse, pss: pss()}
}

// pss is the process's proportional share of memory, in bytes.
func pss() (n uint64) {
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0
	}
	if i := bytes.Index(rollup, []byte("\nPss:")); i >= 0 {
		fmt.Sscanf(string(rollup[i+len("\nPss:"):]), "%d", &n)
	}
	return n << 10
}
