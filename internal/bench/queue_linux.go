package bench

import (
	"encoding/binary"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Of sock_diag(7), which has no names in package unix.
const (
	diagMemory     = 7  // the attribute INET_DIAG_SKMEMINFO
	diagRequestLen = 56 // struct inet_diag_req_v2
	diagSocketLen  = 72 // struct inet_diag_msg
	diagSendQueue  = 60 // where it has idiag_wqueue
	memoryQueued   = 20 // where the attribute has SK_MEMINFO_WMEM_QUEUED
)

// sendQueues asks the kernel for the connections with that local port, of IPv4
// and IPv6.
func sendQueues(port uint16) ([]queue, error) {
	var all []queue
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		found, err := diagnose(family, port)
		if err != nil {
			return nil, os.NewSyscallError("sock_diag", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func diagnose(family byte, port uint16) ([]queue, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, diagRequest(family, port), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	var all []queue
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buf[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return all, nil
			case unix.NLMSG_ERROR:
				return nil, unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
			default:
				all = append(all, readQueue(m.Data))
			}
		}
	}
}

// diagRequest asks for all sockets with a local port but those that listen, and
// for the memory of each.
func diagRequest(family byte, port uint16) []byte {
	const flags = unix.NLM_F_REQUEST | unix.NLM_F_DUMP
	b := binary.NativeEndian.AppendUint32(nil, unix.SizeofNlMsghdr+diagRequestLen)
	b = binary.NativeEndian.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint64(b, 0) // sequence, port
	b = append(b, family, unix.IPPROTO_TCP, 1<<(diagMemory-1), 0)
	b = binary.NativeEndian.AppendUint32(b, ^uint32(1<<unix.BPF_TCP_LISTEN))
	b = binary.BigEndian.AppendUint16(b, port)
	return append(b, make([]byte, unix.SizeofNlMsghdr+diagRequestLen-len(b))...)
}

// readQueue reads a struct inet_diag_msg and the attributes after it.
func readQueue(data []byte) queue {
	if len(data) < diagSocketLen {
		return queue{}
	}
	q := queue{unread: int64(binary.NativeEndian.Uint32(data[diagSendQueue:]))}
	for rest := data[diagSocketLen:]; len(rest) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(rest))
		if size < unix.SizeofRtAttr || size > len(rest) {
			break
		}
		value := rest[unix.SizeofRtAttr:size]
		if binary.NativeEndian.Uint16(rest[2:]) == diagMemory && len(value) >= memoryQueued+4 {
			q.memory = int64(binary.NativeEndian.Uint32(value[memoryQueued:]))
		}
		rest = rest[min(len(rest), (size+3)&^3):]
	}
	return q
}
