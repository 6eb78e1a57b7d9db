package bench

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// lateBind makes a socket with a source address get its port when it connects,
// not when it is bound: then only the pair of both ends has to be free, and each
// source address gives all its ports to each server.
func lateBind(_, _ string, conn syscall.RawConn) error {
	var err error
	if ctlErr := conn.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); ctlErr != nil {
		return ctlErr
	}
	return err
}
