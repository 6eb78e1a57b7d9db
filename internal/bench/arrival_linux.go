package bench

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// arrivals is a connection that knows how long ago the kernel got what was read.
// Over the loopback that is while the server's call that sends it is under way.
// One goroutine reads.
type arrivals struct {
	*net.TCPConn
	raw    syscall.RawConn
	beside [128]byte // what comes beside the data
	ago    time.Duration
}

// stampArrivals makes the kernel keep the time of what conn gets. It takes conn
// over, unless there is an error.
func stampArrivals(conn io.ReadCloser) (*arrivals, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.New("the kernel's times are those of ciphertext")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	ctlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPING,
			unix.SOF_TIMESTAMPING_RX_SOFTWARE|unix.SOF_TIMESTAMPING_SOFTWARE)
	})
	if err := errors.Join(ctlErr, os.NewSyscallError("setsockopt", err)); err != nil {
		return nil, err
	}
	return &arrivals{TCPConn: tcp, raw: raw}, nil
}

func (a *arrivals) Read(p []byte) (n int, err error) {
	var besides int
	waitErr := a.raw.Read(func(fd uintptr) bool {
		n, besides, _, _, err = unix.Recvmsg(int(fd), p, a.beside[:], 0)
		return err != unix.EAGAIN
	})
	switch {
	case waitErr != nil:
		return 0, waitErr
	case err != nil:
		return 0, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return 0, io.EOF
	}
	a.ago = sinceArrival(a.beside[:besides])
	return n, nil
}

// sinceArrival returns how long ago the kernel's time was, the first of the three
// in a message of type SO_TIMESTAMPING; 0 if it has none. It is the system's time,
// as is the one that it is compared with.
func sinceArrival(beside []byte) time.Duration {
	messages, err := unix.ParseSocketControlMessage(beside)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SO_TIMESTAMPING || len(m.Data) < int(unsafe.Sizeof(unix.Timespec{})) {
			continue
		}
		got := *(*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
		return max(0, time.Since(time.Unix(got.Unix())))
	}
	return 0
}
