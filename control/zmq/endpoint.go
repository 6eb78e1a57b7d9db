package zmq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// listen opens an endpoint as ZeroMQ writes it: tcp://HOST:PORT, where the host *
// is every address of the machine, or ipc://PATH.
func listen(endpoint string) (net.Listener, error) {
	scheme, address, _ := strings.Cut(endpoint, "://")
	switch scheme {
	case "tcp":
		if port, ok := strings.CutPrefix(address, "*:"); ok {
			address = ":" + port
		}
		return net.Listen("tcp", address)
	case "ipc":
		return listenUnix(address)
	}
	return nil, fmt.Errorf("endpoint %q is neither tcp:// nor ipc://", endpoint)
}

// listenUnix listens on a socket in the file system. One that a process has left
// behind which is no more is replaced.
func listenUnix(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if c, failed := net.Dial("unix", path); failed == nil {
		c.Close()
		return nil, err
	} else if !errors.Is(failed, syscall.ECONNREFUSED) {
		return nil, err
	}
	if failed := os.Remove(path); failed != nil {
		return nil, failed
	}
	return net.Listen("unix", path)
}
