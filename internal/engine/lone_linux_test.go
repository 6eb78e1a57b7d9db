package engine

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// BenchmarkLonePublish measures how long after a publication begins the system gets
// the write for its only reader, whose loop was asleep: wake to write. The end is the
// time that the system puts on the segment as it arrives on the other side of the
// loopback, so no client's waking is part of it. The rest of the process is idle, and
// so is the loop for a while before each. What a write takes by itself after such a
// while, without a loop that sleeps, is measured beside it: that is the machine's.
func BenchmarkLonePublish(b *testing.B) {
	b.Run("published", benchmarkPublished)
	b.Run("written", benchmarkWritten)
}

func benchmarkPublished(b *testing.B) {
	r := newRig(b)
	client, server := tcpPair(b)
	spare, _ := r.holdWith(b, 0, hold.Stream{}, func(s *stream) {
		unix.Close(int(s.socket))
		s.socket = int32(server)
	}, "a")
	defer unix.Close(spare)
	it := item("a", "data: 1\n\n")
	untilArrival(b, client, func() error {
		_, err := r.hub.Publish(b.Context(), it)
		return err
	})
}

func benchmarkWritten(b *testing.B) {
	client, server := tcpPair(b)
	defer unix.Close(server)
	p := []byte(chunk("data: 1\n\n"))
	untilArrival(b, client, func() error {
		_, err := send(server, p)
		return err
	})
}

// untilArrival reports how long after each begin of what the system has the segment.
func untilArrival(b *testing.B, client int, what func() error) {
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		time.Sleep(time.Millisecond)
		start := time.Now()
		if err := what(); err != nil {
			b.Fatal(err)
		}
		took = append(took, arrival(b, client).Sub(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}

// tcpPair returns the descriptors of a connection over the loopback, which do not
// block. The first has time stamps, and is closed at the end of the test.
func tcpPair(b *testing.B) (client, server int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	for i, c := range []net.Conn{near, far} {
		fd, err := duplicate(c.(*net.TCPConn))
		if err != nil {
			b.Fatal(err)
		}
		*[]*int{&client, &server}[i] = fd
		c.Close()
	}
	b.Cleanup(func() { unix.Close(client) })
	if err := unix.SetsockoptInt(client, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		b.Fatal(err)
	}
	return client, server
}

// arrival reads what comes next, and returns when the system got it.
func arrival(b *testing.B, fd int) time.Time {
	var data, control [256]byte
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(200 * time.Microsecond) {
		_, n, _, _, err := unix.Recvmsg(fd, data[:], control[:], 0)
		if err == unix.EAGAIN {
			continue
		}
		if err != nil {
			b.Fatal(err)
		}
		messages, err := unix.ParseSocketControlMessage(control[:n])
		if err != nil || len(messages) != 1 {
			b.Fatalf("%d control messages, %v", len(messages), err)
		}
		stamp := messages[0].Data
		return time.Unix(int64(binary.NativeEndian.Uint64(stamp)), int64(binary.NativeEndian.Uint64(stamp[8:])))
	}
	b.Fatal("nothing came")
	return time.Time{}
}
